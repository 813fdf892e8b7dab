/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { IncomingHttpHeaders } from 'node:http';

/** The parts of an HTTP request that the handlers read. */
export interface IncomingRequest {
	method: string;
	/** Without the query. */
	path: string;
	query: URLSearchParams;
	headers: IncomingHttpHeaders;
	/** Reads the whole body. */
	text(): Promise<string>;
}
