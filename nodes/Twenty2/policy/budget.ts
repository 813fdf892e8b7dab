import pLimit, { type LimitFunction } from 'p-limit';

import type { Endurance } from './endurance';
import { take } from './abortable';
import { Polls } from './pollPacer';
import { Waits, type Waited } from './waitTally';
import { Window, type Entry, type Place } from './rateLimiter';

/** What Twenty2 allows one key. */
export interface Limits {
	/** How many requests of any kind in any 60 seconds. */
	requestsPerMinute: number;
	/** How many creates at once, and how many reads. */
	concurrentCalls: number;
}

/** Twenty2 refused for "too many requests". */
export interface TooMany {
	/** How long it asks to wait. */
	retryAfterMs: number;
	/** Why others are not sent then, if not for the same reason. */
	unsent?: Error;
}

/** One request that is to get past the limits of its key. */
export interface Request<T> {
	/** For the log; nothing that identifies a person. */
	what: string;
	/** Ends the waiting, not what has been sent. */
	signal: AbortSignal;
	/** How long to wait when Twenty2 refuses; without it, for ever. */
	endurance?: Endurance;
	send: () => Promise<T>;
	/** What it means if this is a refusal for "too many requests"; else undefined. */
	tooMany: (rejection: Error) => TooMany | undefined;
	/** Of a create: keeps its line until this settles, as a call does that is waited for. */
	lasts?: (answer: T) => Promise<unknown>;
}

/** How a request gets past the limits of its key. */
export interface Pass {
	/**
	 * Sends when the key's limits allow it, and again while Twenty2 says "too many requests".
	 * @throws what `send` rejected with last; unsent, the signal's reason or `unsent` of a refusal
	 */
	through<T>(request: Request<T>): Promise<T>;
}

/** One run's way past the limits of its key. */
export interface Access {
	creates: Pass;
	reads: Pass;
	/** Reads that ask whether a call has ended; they leave room for creates. */
	polls: Pass;
	/** Keeps a line, once there is one, until a call has ended that was placed earlier. */
	occupied<T>(call: Promise<T>): Promise<T>;
	waited: Waited;
}

/** Told what is queued, refused and sent late. */
export type Log = (message: string) => void;

/**
 * What one key may spend, shared by everything in the process that uses it. A create holds a line
 * and then passes the window. A read never waits for a line, so that looking at calls works while
 * all lines are busy.
 */
export class Budget {
	private readonly window: Window;

	private readonly lines: LimitFunction;

	private readonly readers: LimitFunction;

	private readonly polls: Polls;

	constructor({ requestsPerMinute, concurrentCalls }: Limits) {
		this.window = new Window(requestsPerMinute, concurrentCalls);
		this.lines = pLimit(concurrentCalls);
		this.readers = pLimit(concurrentCalls);
		this.polls = new Polls(this.window, () => this.lines.concurrency);
	}

	/** True when dropping this budget would forget nothing. */
	get idle(): boolean {
		const held = [this.lines, this.readers].some((p) => p.activeCount + p.pendingCount > 0);
		return !held && this.window.idle;
	}

	/** Changes the limits, for those waiting too. */
	allow({ requestsPerMinute, concurrentCalls }: Limits): void {
		this.window.allow(requestsPerMinute, concurrentCalls);
		this.lines.concurrency = concurrentCalls;
		this.readers.concurrency = concurrentCalls;
	}

	/**
	 * The way in for one run. A run stands in line with one request at a time, behind which its
	 * others wait: so runs take turns, and two items are not stuck behind another run's five hundred.
	 */
	open(log: Log = () => undefined): Access {
		const waits = new Waits();
		const { polls } = this;
		const pass = (
			kind: Entry['kind'],
			places: LimitFunction,
			turns: <T>(signal: AbortSignal, turn: () => Promise<T>) => Promise<T>,
			counted = waits,
		): Pass => ({
			through: async (request) => {
				const { what, signal, endurance } = request;
				const enter = async (again: boolean) =>
					await this.enter({ kind, signal, endurance, again }, what, counted, log);
				const { leave, place } = await turns(signal, async () => {
					const leave = await take(places, signal);
					return { leave, place: await enter(false).catch(after(leave)) };
				});
				const answer = await this.send(request, place, enter, log).catch(after(leave));
				void Promise.resolve(request.lasts?.(answer)).then(leave, leave);
				return answer;
			},
		});
		const inTurn = () => {
			const turns = pLimit(1);
			return async <T>(_: AbortSignal, turn: () => Promise<T>) => await turns(turn);
		};
		return {
			creates: pass('create', this.lines, inTurn()),
			reads: pass('read', this.readers, inTurn()),
			// What a call's end is waited for is no wait for a limit.
			polls: pass('read', this.readers, polls.enter.bind(polls), new Waits()),
			occupied: async (call) => await this.occupied(call),
			waited: waits.waited,
		};
	}

	private async occupied<T>(call: Promise<T>): Promise<T> {
		const over = new AbortController();
		const line = take(this.lines, over.signal).then(
			(leave) => leave,
			() => undefined,
		);
		return await call.finally(async () => {
			over.abort();
			(await line)?.();
		});
	}

	private async enter(entry: Entry, what: string, waits: Waits, log: Log): Promise<Place> {
		const over = waits.begin();
		const from = performance.now();
		let place: Place | undefined;
		const entered = this.window.enter(entry);
		const { waiting, counting, limit } = this.window.state;
		if (waiting > 0) log(`${what} waits: ${counting} of ${limit} requests of the last minute used`);
		try {
			place = await entered;
			return place;
		} finally {
			// Who is not let in, and was not stopped either, was refused.
			over(place?.heldBack ?? !entry.signal.aborted);
			const seconds = (performance.now() - from) / 1_000;
			if (seconds >= 1) log(`${what} waited ${seconds.toFixed(1)} seconds`);
		}
	}

	private async send<T>(
		{ what, signal, send, tooMany }: Request<T>,
		first: Place,
		enter: (again: boolean) => Promise<Place>,
		log: Log,
	): Promise<T> {
		for (let place = first; ; ) {
			const sent = unlessAborted(signal, send);
			const refusal = await sent.then(
				() => undefined,
				(rejection: Error) => {
					const refusal = tooMany(rejection);
					return refusal && { rejection, ...refusal };
				},
			);
			if (refusal === undefined) {
				place.answered();
				return await sent;
			}
			const { rejection, retryAfterMs, unsent = rejection } = refusal;
			place.refused(unsent, retryAfterMs);
			log(`${what} was refused: ${rejection.message}`);
			place = await enter(true).catch(() => {
				signal.throwIfAborted();
				throw rejection;
			});
		}
	}
}

/** Between being let in and sending, the signal may have fired. */
async function unlessAborted<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
	signal.throwIfAborted();
	return await send();
}

function after(leave: () => void): (reason: Error) => never {
	return (reason) => {
		leave();
		throw reason;
	};
}
