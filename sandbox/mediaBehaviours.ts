/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import * as z from 'zod/v4';
import type { Reply } from './reply';
import { sleep } from './sleep';

const times = z.number().int().positive().optional();

const names = z.enum(['404', 'expired', '500 once', '500 always', 'cut', 'stall', 'hang']);

const definition = z.discriminatedUnion('kind', [
	z.strictObject({
		kind: z.literal('answer'),
		status: z.number().int().min(200).max(599),
		headers: z.record(z.string(), z.string()).optional(),
		body: z.string().optional(),
		times,
	}),
	/** The file with changed headers. Null removes a header. */
	z.strictObject({
		kind: z.literal('headers'),
		headers: z.record(z.string(), z.string().nullable()),
		times,
	}),
	/** Another file. */
	z.strictObject({ kind: z.literal('file'), type: z.string(), base64: z.string(), times }),
	/** Half of the file, then the connection is closed. */
	z.strictObject({ kind: z.literal('cut'), times }),
	/** Half of the file, then nothing more. */
	z.strictObject({ kind: z.literal('stall'), times }),
	/** The file, with a pause after each chunk. */
	z.strictObject({ kind: z.literal('slow'), ms: z.number().nonnegative(), times }),
	/** No answer. */
	z.strictObject({ kind: z.literal('hang'), times }),
]);

/** The behaviour of the links of one call. Without `times` it applies to every request. */
export const mediaBehaviourSchema = z.union([names, definition]);

export type MediaBehaviour = z.infer<typeof mediaBehaviourSchema>;
/** A behaviour in full, instead of by its name. */
export type MediaDefinition = z.infer<typeof definition>;

const definitions: Record<z.infer<typeof names>, MediaDefinition> = {
	'404': { kind: 'answer', status: 404, body: 'There is no such file' },
	expired: { kind: 'answer', status: 403, body: 'The link has expired' },
	'500 once': { kind: 'answer', status: 500, body: 'Something went wrong', times: 1 },
	'500 always': { kind: 'answer', status: 500, body: 'Something went wrong' },
	cut: { kind: 'cut' },
	stall: { kind: 'stall' },
	hang: { kind: 'hang' },
};

/** Resolves the name of a behaviour. */
export const defineMedia = (behaviour: MediaBehaviour): MediaDefinition =>
	typeof behaviour === 'string' ? definitions[behaviour] : behaviour;

/** The file behind a link. */
export interface File {
	/** The size. */
	bytes: number;
	/** The media type. */
	type: string;
	chunks: Iterable<Buffer>;
}

/** The reply that sends a file, as changed by a behaviour. */
export function mediaReply({ bytes, type, chunks }: File, behaviour?: MediaDefinition): Reply {
	const headers = { 'content-type': type, 'content-length': String(bytes) };
	const streamed = (body: AsyncIterable<Buffer> | Iterable<Buffer>) => ({
		status: 200,
		headers,
		body: Readable.from(body),
	});
	switch (behaviour?.kind) {
		case undefined:
			return streamed(chunks);
		case 'answer':
			return behaviour;
		case 'file': {
			const body = Buffer.from(behaviour.base64, 'base64');
			return { status: 200, headers: { 'content-type': behaviour.type }, body };
		}
		case 'headers': {
			const changed = Object.entries({ ...headers, ...behaviour.headers });
			const kept = changed.filter((entry): entry is [string, string] => entry[1] !== null);
			return { ...streamed(chunks), headers: Object.fromEntries(kept) };
		}
		case 'cut':
			return streamed(firstHalf(chunks, bytes, () => Promise.reject(new Error('Cut'))));
		case 'stall':
			return streamed(firstHalf(chunks, bytes, () => new Promise(() => undefined)));
		case 'slow':
			return streamed(slowly(chunks, behaviour.ms));
		case 'hang':
			return 'hang';
	}
}

/** Time for the sent bytes to arrive before the connection closes. */
const DELIVERY_MS = 50;

async function* firstHalf(chunks: Iterable<Buffer>, bytes: number, then: () => Promise<never>) {
	let left = Math.floor(bytes / 2);
	for (const chunk of chunks) {
		if (left <= 0) break;
		yield chunk.subarray(0, left);
		left -= chunk.length;
	}
	await sleep(DELIVERY_MS);
	await then();
}

async function* slowly(chunks: Iterable<Buffer>, ms: number) {
	for (const chunk of chunks) {
		yield chunk;
		await sleep(ms);
	}
}
