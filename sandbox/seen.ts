/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Calls, GenerationName } from './calls';
import type { Limits } from './limits';

/** A request to the API. */
export interface SeenRequest {
	method: string;
	/** Including the query. */
	path: string;
	/** Time of arrival, in ms since 1970. */
	at: number;
	/** Null until the answer. It stays null when a behaviour cuts the connection or never answers. */
	status: number | null;
	generation: GenerationName;
	/** The key with the generation as prefix. Null when the key is unknown. */
	key: string | null;
	/** Only `recordedHeaders`. */
	headers: Record<string, string>;
}

/** A request for a recording or transcript. */
export interface SeenMedia {
	/** Without the query. */
	path: string;
	/** Time of arrival, in ms since 1970. */
	at: number;
	/** All headers. */
	headers: IncomingHttpHeaders;
}

/** The request headers that `SeenRequest` keeps. */
export const recordedHeaders = [
	'idempotency-key',
	'content-type',
	'accept',
	'user-agent',
	'x-workspace-id',
];

/** Records requests and calls since the start or the last reset. */
export class Seen {
	readonly requests: SeenRequest[] = [];
	/** Requests for recordings and transcripts. They do not count against the limits. */
	readonly media: SeenMedia[] = [];
	/** The highest number of requests in flight at the same time. */
	mostInFlight = 0;
	/** The highest number of calls that one key had live at the same time. */
	mostLive = 0;
	private inFlight = 0;

	constructor(
		private readonly placed: Calls,
		private readonly limits: Limits,
	) {}

	get calls(): readonly Call[] {
		return this.placed.all;
	}

	/** The calls placed to an E.164 number. */
	callsTo(number: string): Call[] {
		return this.calls.filter((call) => call.number === number);
	}

	/** The number of calls placed, by E.164 number. */
	perNumber(): Record<string, number> {
		const counts: Record<string, number> = {};
		for (const { number } of this.calls) counts[number] = (counts[number] ?? 0) + 1;
		return counts;
	}

	/** The highest number of requests that one key sent in any window, including refused ones. */
	get mostInAnyWindow(): number {
		const windows = new Map<string, { arrivals: number[]; first: number }>();
		let most = 0;
		for (const { key, at } of this.requests) {
			if (key === null) continue;
			const window = windows.get(key) ?? { arrivals: [], first: 0 };
			windows.set(key, window);
			window.arrivals.push(at);
			while (at - (window.arrivals[window.first] ?? at) >= this.limits.windowMs) window.first++;
			most = Math.max(most, window.arrivals.length - window.first);
		}
		return most;
	}

	/** The number of answers with status 429. */
	get refusals(): number {
		return this.requests.filter(({ status }) => status === 429).length;
	}

	/** Records a request. @returns a function to call when the request has ended */
	arrived(request: SeenRequest): () => void {
		this.requests.push(request);
		this.inFlight += 1;
		this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
		let ended = false;
		return () => {
			if (!ended) this.inFlight -= 1;
			ended = true;
		};
	}

	/** Records the number of live calls of a key. */
	countLive(count: number): void {
		this.mostLive = Math.max(this.mostLive, count);
	}

	/** Deletes all records. Requests in flight stay counted in `mostInFlight`. */
	clear(): void {
		this.requests.length = 0;
		this.media.length = 0;
		this.mostInFlight = this.inFlight;
		this.mostLive = 0;
	}

	/** The answer to `GET /sandbox`. */
	toJSON() {
		const { requests, calls, mostInFlight, mostLive, mostInAnyWindow, refusals } = this;
		const perNumber = this.perNumber();
		return { requests, calls, perNumber, mostInFlight, mostLive, mostInAnyWindow, refusals };
	}
}
