import type {
	BinaryHelperFunctions,
	IBinaryData,
	IHttpRequestOptions,
	RequestHelperFunctions,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { isBodyStream, type BodyStream } from '../bodyStream';
import { withinTime } from '../requestTimeout';
import { asStream, unanswered } from '../transport';

const header = z.optional(z.string());

const fullResponse = z.object({
	statusCode: z.number(),
	headers: z.object({
		location: header,
		'content-type': header,
		'content-disposition': header,
		'content-length': header,
	}),
	body: z.custom<BodyStream>(isBodyStream),
});

/** The answer of an address. The body is still to be read. */
export type MediaAnswer = z.infer<typeof fullResponse>;

/** The files that Twenty2's links lead to, and where n8n keeps files. */
export interface Media {
	baseUrl: string;
	/**
	 * Requests an address. An answer of any status is an answer, also a redirect.
	 * @param options `timeoutMs` bounds the wait for the beginning of the answer; `signal` closes the connection
	 * @throws Failure when no answer comes
	 */
	open(address: URL, options: { timeoutMs: number; signal: AbortSignal }): Promise<MediaAnswer>;
	/** Reads a file to its end into where this n8n keeps files: memory, a disk or a bucket. */
	keep(file: BodyStream, fileName: string, mimeType: string): Promise<IBinaryData>;
}

interface Helpers {
	helpers: Pick<RequestHelperFunctions, 'httpRequest'> &
		Pick<BinaryHelperFunctions, 'prepareBinaryData'>;
}

/** Opens links through n8n's plain request helper. It sends no credential, because a link may lead anywhere. */
export function mediaThrough({ helpers }: Helpers, baseUrl: string): Media {
	return {
		baseUrl,

		async open(address, { timeoutMs, signal }) {
			const send = async (cut: AbortSignal): Promise<unknown> => {
				const options: IHttpRequestOptions = {
					method: 'GET',
					url: address.href,
					timeout: timeoutMs,
					abortSignal: cut,
					...asStream,
				};
				return await helpers.httpRequest(options);
			};
			const response = await withinTime(timeoutMs, signal, send).catch((error: unknown) => {
				throw unanswered(error, { dials: false }, address.origin, timeoutMs);
			});
			return fullResponse.parse(response);
		},

		async keep(file, fileName, mimeType) {
			return await helpers.prepareBinaryData(file, fileName, mimeType);
		},
	};
}
