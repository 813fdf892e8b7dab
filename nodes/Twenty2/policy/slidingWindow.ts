const MINUTE_MS = 60_000;

/**
 * The requests that Twenty2 may still be counting ("60 requests a minute", Errors & Rate Limits).
 *
 * Twenty2 counts a request when it arrives, which is some time between sending it and reading its
 * answer. So a request counts from sending until 60 seconds after its answer. No 60 seconds at
 * Twenty2 hold more than were counted here, however the network delays. The same bound keeps a
 * calendar minute and a token bucket of that size. Every method takes constant time, amortised.
 */
export class SlidingWindow {
	/** How many requests were sent and not yet answered. */
	inFlight = 0;

	/** Answered less than 60 seconds ago, earliest first, from `first` on. */
	private answered: Array<{ leavesAt: number; accepted: boolean }> = [];

	private first = 0;

	/** How many of the answered requests were not refused. */
	accepted = 0;

	/** How many requests count. */
	get count(): number {
		return this.inFlight + this.answered.length - this.first;
	}

	send(): void {
		this.inFlight++;
	}

	/** A request that counts was not sent after all. */
	withdraw(): void {
		this.inFlight--;
	}

	/** @param accepted false for "too many requests" */
	answer(accepted: boolean): void {
		const now = performance.now();
		this.forget(now);
		this.inFlight--;
		this.answered.push({ leavesAt: now + MINUTE_MS, accepted });
		if (accepted) this.accepted++;
	}

	/** Drops what no longer counts. @param now as `performance.now()` gives it */
	forget(now: number): void {
		for (let next = this.answered[this.first]; next && next.leavesAt <= now; ) {
			if (next.accepted) this.accepted--;
			next = this.answered[++this.first];
		}
		if (this.first * 2 > this.answered.length) {
			this.answered = this.answered.slice(this.first);
			this.first = 0;
		}
	}

	/**
	 * When fewer than `size` requests will count, as a time of `performance.now()`: -Infinity when that
	 * is so now, Infinity when an answer has to come first.
	 */
	belowAt(size: number): number {
		const excess = this.count - size;
		if (excess < 0) return Number.NEGATIVE_INFINITY;
		return this.answered[this.first + excess]?.leavesAt ?? Number.POSITIVE_INFINITY;
	}
}
