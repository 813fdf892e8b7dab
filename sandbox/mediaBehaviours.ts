import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/v4';
import type { Reply } from './reply';

const times = z.number().int().positive().optional();

const named = z.enum(['404', 'expired', '500 once', '500 always', 'cut', 'stall', 'hang']);

const spelt = z.discriminatedUnion('kind', [
	z.strictObject({
		kind: z.literal('answer'),
		status: z.number().int().min(200).max(599),
		headers: z.record(z.string(), z.string()).optional(),
		body: z.string().optional(),
		times,
	}),
	/** The file with other headers; null leaves one out. */
	z.strictObject({
		kind: z.literal('headers'),
		headers: z.record(z.string(), z.string().nullable()),
		times,
	}),
	/** Half of the file, then the connection is cut. */
	z.strictObject({ kind: z.literal('cut'), times }),
	/** Half of the file, then silence. */
	z.strictObject({ kind: z.literal('stall'), times }),
	/** The file, with a pause after each of its parts. */
	z.strictObject({ kind: z.literal('slow'), ms: z.number().nonnegative(), times }),
	/** No answer at all. */
	z.strictObject({ kind: z.literal('hang'), times }),
]);

/** How the links of one call go wrong. Without `times` they go wrong always. */
export const mediaBehaviourSchema = z.union([named, spelt]);

export type MediaBehaviour = z.infer<typeof mediaBehaviourSchema>;
/** A behaviour spelt out. */
export type MediaKind = z.infer<typeof spelt>;

const kinds: Record<z.infer<typeof named>, MediaKind> = {
	'404': { kind: 'answer', status: 404, body: 'There is no such file' },
	expired: { kind: 'answer', status: 403, body: 'The link has expired' },
	'500 once': { kind: 'answer', status: 500, body: 'Something went wrong', times: 1 },
	'500 always': { kind: 'answer', status: 500, body: 'Something went wrong' },
	cut: { kind: 'cut' },
	stall: { kind: 'stall' },
	hang: { kind: 'hang' },
};

export const mediaKindOf = (behaviour: MediaBehaviour): MediaKind =>
	typeof behaviour === 'string' ? kinds[behaviour] : behaviour;

/** What a link leads to. */
export interface File {
	bytes: number;
	type: string;
	parts: Iterable<Buffer>;
}

/** How a file is sent, properly or as a behaviour has it. */
export function sent({ bytes, type, parts }: File, kind?: MediaKind): Reply {
	const headers = { 'content-type': type, 'content-length': String(bytes) };
	const streamed = (body: AsyncIterable<Buffer> | Iterable<Buffer>) => ({
		status: 200,
		headers,
		body: Readable.from(body),
	});
	switch (kind?.kind) {
		case undefined:
			return streamed(parts);
		case 'answer':
			return kind;
		case 'headers': {
			const changed = Object.entries({ ...headers, ...kind.headers });
			const kept = changed.filter((entry): entry is [string, string] => entry[1] !== null);
			return { ...streamed(parts), headers: Object.fromEntries(kept) };
		}
		case 'cut':
			return streamed(half(parts, bytes, () => Promise.reject(new Error('Cut'))));
		case 'stall':
			return streamed(half(parts, bytes, () => new Promise(() => undefined)));
		case 'slow':
			return streamed(slowly(parts, kind.ms));
		case 'hang':
			return 'hang';
	}
}

/** So that what was sent has arrived before the connection ends. */
const ARRIVAL_MS = 50;

async function* half(parts: Iterable<Buffer>, bytes: number, then: () => Promise<never>) {
	let left = Math.floor(bytes / 2);
	for (const part of parts) {
		if (left <= 0) break;
		yield part.subarray(0, left);
		left -= part.length;
	}
	await sleep(ARRIVAL_MS);
	await then();
}

async function* slowly(parts: Iterable<Buffer>, ms: number) {
	for (const part of parts) {
		yield part;
		await sleep(ms, undefined, { ref: false });
	}
}
