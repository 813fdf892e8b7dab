import pLimit from 'p-limit';

import { take } from './abortable';
import { wait } from './wait';
import type { Window } from './rateLimiter';

const MINUTE_MS = 60_000;

/**
 * Sent as fast as this, polls alone would use up what is free in so long, if they kept on so. With
 * less, calls of a few seconds are looked at so often that creates wait; with more, they are seen
 * to have ended so late that lines stand idle. Tried from 12 to 30 seconds.
 */
const HORIZON_MS = 25_000;

/** Of the limit, for polls while everything else takes each place as it frees: one in four. */
const LEAST_SHARE = 1 / 4;

/**
 * The pace at which the calls of a key that are waited for are looked at.
 *
 * Looking often uses up the limit that creates need, so the fewer places are free, the longer is the
 * time between two polls, whoever waits. One place a line is never counted as free: when a call
 * ends, the next can be placed at once. All polls stand in one line, and only one of them in the
 * queue of the window. Where many creates used up the limit in one burst, its places come free in
 * one burst too, so polls make up then for what they missed meanwhile, or creates would take all.
 */
export class Polls {
	private readonly turns = pLimit(1);

	private lastAt = Number.NEGATIVE_INFINITY;

	/** How long the window has kept polls waiting, in milliseconds, as far as it is not made up for. */
	private behind = 0;

	/** @param lines how many calls the key may have at once, as it is now */
	constructor(
		private readonly window: Window,
		private readonly lines: () => number,
	) {}

	/**
	 * Waits for its turn, and leaves at once when it is stopped, whoever stands before it.
	 * @throws the signal's reason, or what `enter` rejects with
	 */
	async enter<T>(signal: AbortSignal, enter: () => Promise<T>): Promise<T> {
		const leave = await take(this.turns, signal);
		try {
			await this.pace(signal);
			const from = performance.now();
			const entered = await enter();
			this.lastAt = performance.now();
			this.behind = Math.min(this.behind + this.lastAt - from, MINUTE_MS);
			return entered;
		} finally {
			leave();
		}
	}

	private async pace(signal: AbortSignal): Promise<void> {
		for (let ms = this.msToGo(); ms > 0; ms = this.msToGo()) {
			if (this.behind >= this.longest) {
				this.behind -= this.longest;
				return;
			}
			await wait(ms, signal);
		}
	}

	private msToGo(): number {
		const gap = HORIZON_MS / Math.max(this.window.free - this.lines(), 1);
		return Math.ceil(this.lastAt + Math.min(gap, this.longest) - performance.now());
	}

	/** Between two polls, however few places are free. */
	private get longest(): number {
		return MINUTE_MS / (this.window.size * LEAST_SHARE);
	}
}
