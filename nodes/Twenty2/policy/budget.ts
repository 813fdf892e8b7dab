import pLimit, { type LimitFunction } from 'p-limit';

import type { Endurance } from './endurance';
import { Window } from './window';

/** What Twenty2 allows one key. */
export interface Limits {
	/** How many requests of any kind in any 60 seconds. */
	requestsPerMinute: number;
	/** How many creates at once, and how many reads. */
	concurrentCalls: number;
}

/** How a request gets past the limits of its key. */
export interface Pass {
	/**
	 * Sends when the key's limits allow it.
	 * @param endurance whether to wait out a pause of the key
	 * @throws what `send` rejects with; unsent, the signal's reason or that of the pause
	 */
	through<T>(signal: AbortSignal, endurance: Endurance, send: () => Promise<T>): Promise<T>;
	/** Holds back all requests of the key. @returns until when, a time of `performance.now()` */
	pause(ms: number, because: Error): number;
}

/**
 * What one key may spend, shared by everything in the process that uses it. A create holds a line
 * and then passes the window. A read never waits for a line, so that looking at calls works while
 * all lines are busy.
 */
export class Budget {
	readonly window: Window;

	readonly creates: Pass;

	readonly reads: Pass;

	private readonly lines: LimitFunction;

	private readonly readers: LimitFunction;

	constructor(limits: Limits) {
		this.window = new Window(limits.requestsPerMinute);
		this.lines = pLimit(limits.concurrentCalls);
		this.readers = pLimit(limits.concurrentCalls);
		this.creates = this.passBy(this.lines);
		this.reads = this.passBy(this.readers);
	}

	/** True when dropping this budget would forget nothing. */
	get idle(): boolean {
		const held = [this.lines, this.readers].some((p) => p.activeCount + p.pendingCount > 0);
		return !held && this.window.idle;
	}

	/** Changes the limits, for those waiting too. */
	allow(limits: Limits): void {
		this.window.allow(limits.requestsPerMinute);
		this.lines.concurrency = limits.concurrentCalls;
		this.readers.concurrency = limits.concurrentCalls;
	}

	private passBy(places: LimitFunction): Pass {
		return {
			through: async (signal, endurance, send) =>
				await hold(places, signal, async () => {
					const arrived = await this.window.enter(signal, endurance);
					return await unlessAborted(signal, send).finally(arrived);
				}),
			pause: (ms, because) => this.window.pause(ms, because),
		};
	}
}

/** Between being let in and sending, the signal may have fired. */
async function unlessAborted<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
	signal.throwIfAborted();
	return await send();
}

/** A place among `places` for the time of `task`; the signal ends the waiting, not the task. */
async function hold<T>(
	places: LimitFunction,
	signal: AbortSignal,
	task: () => Promise<T>,
): Promise<T> {
	signal.throwIfAborted();
	return await new Promise((resolve, reject) => {
		const leave = () => reject(signal.reason);
		signal.addEventListener('abort', leave, { once: true });
		void places(async () => {
			signal.removeEventListener('abort', leave);
			if (!signal.aborted) await task().then(resolve, reject);
		});
	});
}
