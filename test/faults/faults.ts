/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { ServerResponse } from 'node:http';

/** What Twenty2 would have answered. */
export interface Sound {
	status: number;
	type: string;
	body: Buffer;
}

/** The two generations of the API, which word a refusal differently. */
export type GenerationName = 'apiKey' | 'workspace';

/** What a fault lets the person who asks know. The expected results are listed by it. */
export type Kind =
	/** No connection came about, so nothing was sent. */
	| { is: 'unreachable' }
	/** The request went out, and no whole answer came. */
	| { is: 'lost' }
	/** A whole answer came late, but in time. */
	| { is: 'late' }
	/** Twenty2 said no, in its envelope. */
	| { is: 'refusal'; status: number; under?: 200 }
	/** Something on the way said no. */
	| { is: 'proxy'; status: number }
	/** Too many requests, once. `waits` is the time until the next one, at least, in seconds. */
	| { is: 'busy'; waits: number }
	/** Too many requests, and not before a time that nobody waits for. */
	| { is: 'busy for long' }
	/** A 2xx that is not what Twenty2 documents. */
	| { is: 'surprise' }
	/** An answer as documented, and more. */
	| { is: 'sound' };

export interface Fault {
	name: string;
	kind: Kind;
	/** Whether a request can have been carried out in spite of it. */
	afterwards: boolean;
	/** How many requests meet it. Without it, all. */
	times?: number;
	/** Answers a request. `sound` is what Twenty2 would have answered. Without it, no connection comes about. */
	play?: (response: ServerResponse, sound: Sound, generation: GenerationName) => void;
	/** Why there is no connection. */
	unreachable?: 'refused' | 'no such host' | 'untrusted';
}

const json = { 'content-type': 'application/json' };

/** The pause between two bytes of an answer that drips: shorter than a request may take. */
const DRIP_MS = 2_000;

const documentedCodes: Partial<Record<number, string>> = {
	400: 'INVALID_NUMBER',
	401: 'UNAUTHORIZED',
	403: 'FORBIDDEN',
	404: 'CALL_NOT_FOUND',
	429: 'RATE_LIMIT_EXCEEDED',
	500: 'INTERNAL_ERROR',
};

/** Twenty2's refusal (Twenty2 documentation, Errors and limits; Workspace). */
function envelope(status: number, generation: GenerationName) {
	const message = `Refused with ${status}`;
	if (generation === 'workspace') return { success: false, statusCode: status, message };
	const code = documentedCodes[status];
	return { success: false, error: { ...(code && { code }), message, status } };
}

function answer(
	response: ServerResponse,
	status: number,
	body: string | Buffer,
	headers: Record<string, string> = json,
): void {
	response.writeHead(status, headers);
	response.end(body);
}

const refusal = (status: number): Fault => ({
	name: `${status} in Twenty2’s envelope`,
	kind: { is: 'refusal', status },
	afterwards: false,
	play: (response, _, generation) =>
		answer(response, status, JSON.stringify(envelope(status, generation))),
});

const proxy = (status: number): Fault => ({
	name: `${status} without the envelope`,
	kind: { is: 'proxy', status },
	afterwards: status >= 500,
	play: (response) =>
		answer(response, status, '<h1>Not today</h1>', { 'content-type': 'text/html' }),
});

/** Answers as Twenty2 does to too many requests. */
export function tooMany(
	response: ServerResponse,
	generation: GenerationName,
	headers: Record<string, string> = {},
): void {
	answer(response, 429, JSON.stringify(envelope(429, generation)), { ...json, ...headers });
}

const busy = (what: string, waits: number, retryAfter?: () => string): Fault => ({
	name: `429 once, ${what}`,
	kind: { is: 'busy', waits },
	afterwards: false,
	times: 1,
	play: (response, _, generation) =>
		tooMany(response, generation, retryAfter && { 'retry-after': retryAfter() }),
});

const odd = (
	what: string,
	body: (sound: Buffer) => string | Buffer,
	type = 'application/json',
): Fault => ({
	name: `200 with ${what}`,
	kind: { is: 'surprise' },
	afterwards: true,
	play: (response, sound) => answer(response, 200, body(sound.body), { 'content-type': type }),
});

const headersOf = ({ type }: Sound) => ({ 'content-type': type });

const drop = (response: ServerResponse) => response.socket?.destroy();

/** Begins an answer, and leaves its second half out. */
const firstHalf = (response: ServerResponse, sound: Sound) => {
	const { body } = sound;
	response.writeHead(200, { ...headersOf(sound), 'content-length': String(body.length) });
	response.write(body.subarray(0, body.length / 2));
};

/** Every fault that a request can meet. */
export const faults: Fault[] = [
	...(['refused', 'no such host', 'untrusted'] as const).map((unreachable) => ({
		name: {
			refused: 'connection refused',
			'no such host': 'no such host',
			untrusted: 'certificate not trusted',
		}[unreachable],
		kind: { is: 'unreachable' } as const,
		afterwards: false,
		unreachable,
	})),
	{
		name: 'connection closed before the answer',
		kind: { is: 'lost' },
		afterwards: true,
		play: drop,
	},
	{
		name: 'connection closed in the middle of the answer',
		kind: { is: 'lost' },
		afterwards: true,
		play: (response, sound) => {
			firstHalf(response, sound);
			setImmediate(drop, response);
		},
	},
	{
		name: 'an answer that stops in the middle',
		kind: { is: 'lost' },
		afterwards: true,
		play: firstHalf,
	},
	{
		name: 'an answer that drips',
		kind: { is: 'lost' },
		afterwards: true,
		play: (response, sound) => {
			const { body } = sound;
			response.writeHead(200, { ...headersOf(sound), 'content-length': String(body.length) });
			const drip = (at: number) => {
				if (at >= body.length || response.destroyed) return;
				response.write(body.subarray(at, at + 1));
				setTimeout(drip, DRIP_MS, at + 1);
			};
			drip(0);
		},
	},
	{ name: 'no answer', kind: { is: 'lost' }, afterwards: true, play: () => undefined },
	{
		name: 'an answer in two parts',
		kind: { is: 'late' },
		afterwards: true,
		play: (response, sound) => {
			firstHalf(response, sound);
			setTimeout(() => response.end(sound.body.subarray(sound.body.length / 2)), 1_000);
		},
	},
	...[400, 401, 402, 403, 404, 409, 418, 422, 500, 502, 503, 504].map(refusal),
	...[400, 401, 402, 403, 404, 409, 418, 422, 500, 502, 503, 504].map(proxy),
	busy('Retry-After: 3', 3, () => '3'),
	// A date has whole seconds, so that it is more than 4 seconds away.
	busy('Retry-After as a date', 4, () => new Date(Date.now() + 5_000).toUTCString()),
	busy('Retry-After: -5', 1, () => '-5'),
	busy('Retry-After that means nothing', 1, () => 'soon'),
	busy('no Retry-After', 1),
	{
		...busy('', 0, () => '60000'),
		name: '429, Retry-After: 60000',
		kind: { is: 'busy for long' },
		times: undefined,
	},
	{
		name: 'a redirect to another host',
		kind: { is: 'proxy', status: 307 },
		afterwards: false,
		// The test listens there.
		play: (response) => answer(response, 307, '', { location: elsewhere.url }),
	},
	odd('a web page', () => '<h1>Sign in</h1>', 'text/html'),
	odd('nothing', () => ''),
	odd('null', () => 'null'),
	odd('a list', () => '[]'),
	odd('half of the answer', (sound) => sound.subarray(0, sound.length / 2)),
	odd('50 MB', () => Buffer.alloc(50_000_000, ' ')),
	odd(
		'fields of other types',
		() => '{"success":true,"call_id":7,"status":{},"call":[],"calls":{}}',
	),
	{
		name: '200 with fields that are not documented',
		kind: { is: 'sound' },
		afterwards: true,
		play: (response, sound) =>
			answer(
				response,
				200,
				JSON.stringify({ ...JSON.parse(sound.body.toString()), tomorrow: [1] }),
			),
	},
	{
		name: '200 with Twenty2’s envelope of a refusal',
		kind: { is: 'refusal', status: 400, under: 200 },
		afterwards: false,
		play: (response, _, generation) =>
			answer(response, 200, JSON.stringify(envelope(400, generation))),
	},
];

/** The host that redirects lead to. */
export const elsewhere = { url: '' };
