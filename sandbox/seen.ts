import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Calls, GenerationName } from './calls';
import type { Limits } from './limits';

export interface SeenRequest {
	method: string;
	/** With the query. */
	path: string;
	/** Arrival, in ms since 1970. */
	at: number;
	/** Null while there is no answer, and for ever when the connection was cut or left hanging. */
	status: number | null;
	generation: GenerationName;
	/** The key when it was recognised, told apart by generation. */
	key: string | null;
	/** Those of `headersOfInterest` that were sent. */
	headers: Record<string, string>;
}

/** A link that was followed. */
export interface SeenMedia {
	path: string;
	/** Arrival, in ms since 1970. */
	at: number;
	/** All that came. */
	headers: IncomingHttpHeaders;
}

export const headersOfInterest = [
	'idempotency-key',
	'content-type',
	'accept',
	'user-agent',
	'x-workspace-id',
];

/** What the sandbox saw since it started or was reset. Always up to date. */
export class Seen {
	readonly requests: SeenRequest[] = [];
	/** Links that were followed; they are no requests to the API. */
	readonly media: SeenMedia[] = [];
	/** Most requests that were waiting for their answer at once. */
	mostInFlight = 0;
	/** Most calls of one key that had not ended at once. */
	mostLive = 0;
	private inFlight = 0;

	constructor(
		private readonly placed: Calls,
		private readonly limits: Limits,
	) {}

	get calls(): readonly Call[] {
		return this.placed.all;
	}

	/** Calls placed to this E.164 number. */
	callsTo(number: string): Call[] {
		return this.calls.filter((call) => call.number === number);
	}

	/** How many calls were placed, by E.164 number. */
	perNumber(): Record<string, number> {
		const counts: Record<string, number> = {};
		for (const { number } of this.calls) counts[number] = (counts[number] ?? 0) + 1;
		return counts;
	}

	/** Most requests one key sent in any window, those that were refused included. */
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

	/** Answers with status 429, whatever the reason. */
	get refusals(): number {
		return this.requests.filter(({ status }) => status === 429).length;
	}

	/** Notes that a request came in; call the result once it is over. */
	arrived(request: SeenRequest): () => void {
		this.requests.push(request);
		this.inFlight += 1;
		this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
		let over = false;
		return () => {
			if (!over) this.inFlight -= 1;
			over = true;
		};
	}

	/** Notes how many calls a key has going. */
	liveNow(count: number): void {
		this.mostLive = Math.max(this.mostLive, count);
	}

	/** Forgets everything but the requests still in flight. */
	clear(): void {
		this.requests.length = 0;
		this.media.length = 0;
		this.mostInFlight = this.inFlight;
		this.mostLive = 0;
	}

	toJSON() {
		const { requests, calls, mostInFlight, mostLive, mostInAnyWindow, refusals } = this;
		const perNumber = this.perNumber();
		return { requests, calls, perNumber, mostInFlight, mostLive, mostInAnyWindow, refusals };
	}
}
