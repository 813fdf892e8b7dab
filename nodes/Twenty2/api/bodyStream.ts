import type { BinaryHelperFunctions } from 'n8n-workflow';

/** A stream of Node's, as n8n's helpers give and take it. */
export type BodyStream = Exclude<Parameters<BinaryHelperFunctions['prepareBinaryData']>[0], Buffer>;

export const isBodyStream = (value: unknown): value is BodyStream =>
	typeof value === 'object' && value !== null && 'pipe' in value && 'errored' in value;

/** Reads a body to its end. @returns undefined when it is longer than `maxBytes` after decompression */
export async function bytesOf(body: BodyStream, maxBytes: number): Promise<Buffer | undefined> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	// Leaving this loop early destroys the stream and closes its connection.
	for await (const next of body) {
		const chunk: Buffer = next;
		bytes += chunk.length;
		if (bytes > maxBytes) return undefined;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

/** Reads a body that is UTF-8. @returns undefined when it is longer than `maxBytes` */
export async function textOf(body: BodyStream, maxBytes: number): Promise<string | undefined> {
	const bytes = await bytesOf(body, maxBytes);
	return bytes && new TextDecoder().decode(bytes);
}

export const inMegabytes = (bytes: number): string => `${bytes / 1_000_000} MB`;
