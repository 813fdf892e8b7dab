import type { BinaryHelperFunctions } from 'n8n-workflow';

/** A stream of Node's, as n8n's helpers give and take it. */
export type BodyStream = Exclude<Parameters<BinaryHelperFunctions['prepareBinaryData']>[0], Buffer>;

export const isBodyStream = (value: unknown): value is BodyStream =>
	typeof value === 'object' && value !== null && 'pipe' in value && 'errored' in value;

/**
 * Reads a body to its end. A body that is too long is not read on, and its connection closes.
 * @param maxBytes how long the body may be, after decompression
 * @returns undefined when the body is longer
 * @throws what breaks the stream off
 */
export async function bytesOf(body: BodyStream, maxBytes: number): Promise<Buffer | undefined> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	// Leaving this loop early destroys the stream.
	for await (const next of body) {
		const chunk: Buffer = next;
		bytes += chunk.length;
		if (bytes > maxBytes) return undefined;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

/** The same for a body that is UTF-8. */
export async function textOf(body: BodyStream, maxBytes: number): Promise<string | undefined> {
	const bytes = await bytesOf(body, maxBytes);
	return bytes && new TextDecoder().decode(bytes);
}

/** A size in a message. */
export const inMegabytes = (bytes: number): string => `${bytes / 1_000_000} MB`;
