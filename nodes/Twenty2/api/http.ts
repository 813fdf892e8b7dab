import * as z from 'zod/v4/mini';

import type { JsonObject } from '../json';

/** What a request means for the person at the other end: a create makes a phone ring. */
export type Kind = 'create' | 'read';

export interface HttpRequest {
	kind: Kind;
	method: 'GET' | 'POST';
	/** Below the base URL, with a slash in front. */
	path: string;
	query?: Record<string, string>;
	headers?: Record<string, string>;
	body?: JsonObject;
	timeoutMs: number;
}

export interface HttpAnswer {
	status: number;
	/** The headers of these names, as they came. */
	retryAfter?: string;
	date?: string;
	/** Parsed when it was JSON, else the text. */
	body: unknown;
}

/** Sends a request and gives any answer back, whatever its status. Rejects with a Failure. */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

const fullResponse = z.object({
	statusCode: z.number(),
	headers: z.object({ 'retry-after': z.optional(z.string()), date: z.optional(z.string()) }),
	body: z.unknown(),
});

/** What n8n's helpers give when they are asked for the full response. */
export function answered(response: unknown): HttpAnswer {
	const { statusCode: status, headers, body } = fullResponse.parse(response);
	return { status, retryAfter: headers['retry-after'], date: headers.date, body };
}
