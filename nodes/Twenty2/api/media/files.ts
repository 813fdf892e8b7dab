import type {
	BinaryHelperFunctions,
	IBinaryData,
	IHttpRequestOptions,
	RequestHelperFunctions,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { unanswered } from '../transport';

/** A stream of Node's, as n8n's helpers give and take it. */
export type Body = Exclude<Parameters<BinaryHelperFunctions['prepareBinaryData']>[0], Buffer>;

const isBody = (value: unknown): value is Body =>
	typeof value === 'object' && value !== null && 'pipe' in value && 'errored' in value;

const header = z.optional(z.string());

const fullResponse = z.object({
	statusCode: z.number(),
	headers: z.object({
		location: header,
		'content-type': header,
		'content-disposition': header,
	}),
	body: z.custom<Body>(isBody),
});

/** What an address answered; the body is still to be read. */
export type MediaAnswer = z.infer<typeof fullResponse>;

/** Where recordings and transcripts come from, and where n8n keeps files. */
export interface Media {
	/** Twenty2's own address. */
	baseUrl: string;
	/** Asks for what is at an address. A redirect is an answer like any other. @throws Failure */
	open(address: URL, asking: { timeoutMs: number; signal: AbortSignal }): Promise<MediaAnswer>;
	/** Reads a body to its end into where this n8n keeps files, be it memory, a disk or a bucket. */
	keep(body: Body, fileName: string, mimeType: string): Promise<IBinaryData>;
}

interface Helpers {
	helpers: Pick<RequestHelperFunctions, 'httpRequest'> &
		Pick<BinaryHelperFunctions, 'prepareBinaryData'>;
}

/**
 * Opens links through n8n's plain request helper, which keeps n8n's own rules (proxy, allowed hosts)
 * and knows no credential: a link carries its own leave to be read, and leads to anybody's server.
 */
export function mediaThrough({ helpers }: Helpers, baseUrl: string): Media {
	return {
		baseUrl,

		async open(address, { timeoutMs, signal }) {
			const options: IHttpRequestOptions = {
				method: 'GET',
				url: address.href,
				encoding: 'stream',
				timeout: timeoutMs,
				abortSignal: signal,
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
			};
			const response: unknown = await helpers.httpRequest(options).catch((error: unknown) => {
				throw unanswered(error, 'read', address.origin, timeoutMs);
			});
			return fullResponse.parse(response);
		},

		async keep(body, fileName, mimeType) {
			return await helpers.prepareBinaryData(body, fileName, mimeType);
		},
	};
}
