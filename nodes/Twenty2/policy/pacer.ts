import pLimit from 'p-limit';

import { acquire, sleep } from './abortable';
import type { RateLimiter } from './rateLimiter';

const MINUTE_MS = 60_000;

/** Share of the limit that polls may always use, also while other requests take the rest: one permit in four. */
const LEAST_SHARE = 1 / 4;

/**
 * The pace of reads that look whether calls have ended.
 *
 * Looking often uses up the permits that creates need, so the fewer are free, the longer is the time
 * between two polls. One permit for each line never counts as free: when a call ends, the next create
 * can go at once. Polls go one after the other, so only one of them is in the queue of the limiter.
 * Creates that used up the limit in one burst get their permits back in one burst too. So polls catch
 * up on the time that the limiter kept them waiting, or creates would take all.
 */
export class Pacer {
	private readonly turns = pLimit(1);

	private lastAt = Number.NEGATIVE_INFINITY;

	/** How long the limiter has kept polls waiting, in milliseconds, as far as they have not caught up. */
	private behind = 0;

	/**
	 * @param lines how many calls the key may have at once, as it is now
	 * @param horizonMs how long polls alone would take to use up what is free, in milliseconds
	 */
	constructor(
		private readonly limiter: RateLimiter,
		private readonly lines: () => number,
		private readonly horizonMs: number,
	) {}

	/**
	 * Waits for the turn of a poll.
	 * @returns ends the turn, once the poll may be sent or is given up
	 * @throws the signal's reason
	 */
	async turn(signal: AbortSignal): Promise<(isSent: boolean) => void> {
		const leave = await acquire(this.turns, signal);
		await this.pace(signal).catch((reason: unknown) => {
			leave();
			throw reason;
		});
		const from = performance.now();
		return (isSent) => {
			leave();
			if (!isSent) return;
			this.lastAt = performance.now();
			this.behind = Math.min(this.behind + this.lastAt - from, MINUTE_MS);
		};
	}

	private async pace(signal: AbortSignal): Promise<void> {
		for (let ms = this.msToGo(); ms > 0; ms = this.msToGo()) {
			if (this.behind >= this.longest) {
				this.behind -= this.longest;
				return;
			}
			await sleep(ms, signal);
		}
	}

	private msToGo(): number {
		const gap = this.horizonMs / Math.max(this.limiter.free - this.lines(), 1);
		return Math.ceil(this.lastAt + Math.min(gap, this.longest) - performance.now());
	}

	/** The longest time between two polls, in milliseconds. */
	private get longest(): number {
		return MINUTE_MS / (this.limiter.size * LEAST_SHARE);
	}
}
