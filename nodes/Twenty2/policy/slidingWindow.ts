import type { Outcome } from './outcome';

const MINUTE_MS = 60_000;

/** Times in rising order. Those that have passed are dropped. */
class TimesToCome {
	private times: number[] = [];

	private first = 0;

	get count(): number {
		return this.times.length - this.first;
	}

	add(time: number): void {
		this.times.push(time);
	}

	/** The time at `index`, from 0; Infinity beyond the last. */
	at(index: number): number {
		return this.times[this.first + index] ?? Number.POSITIVE_INFINITY;
	}

	drop(now: number): void {
		while (this.at(0) <= now) this.first++;
		if (this.first * 2 <= this.times.length) return;
		this.times = this.times.slice(this.first);
		this.first = 0;
	}
}

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

	/** When each answered request no longer counts. */
	private readonly answered = new TimesToCome();

	/** The same of those that Twenty2 has accepted. */
	private readonly acceptedOnes = new TimesToCome();

	/** How many requests count. */
	get count(): number {
		return this.inFlight + this.answered.count;
	}

	/** How many of the answered requests Twenty2 has accepted. */
	get accepted(): number {
		return this.acceptedOnes.count;
	}

	send(): void {
		this.inFlight++;
	}

	/** Notes how a request ended. One that was not sent does not count; without an answer it may have arrived. */
	settle({ is }: Outcome): void {
		const now = performance.now();
		this.forget(now);
		this.inFlight--;
		if (is === 'unsent') return;
		this.answered.add(now + MINUTE_MS);
		if (is === 'answered') this.acceptedOnes.add(now + MINUTE_MS);
	}

	/** Drops what no longer counts. @param now as `performance.now()` gives it */
	forget(now: number): void {
		this.answered.drop(now);
		this.acceptedOnes.drop(now);
	}

	/**
	 * When fewer than `size` requests will count, as a time of `performance.now()`: -Infinity when that
	 * is so now, Infinity when an answer has to come first.
	 */
	belowAt(size: number): number {
		return this.whenBelow(size, this.answered);
	}

	/** The same, where only accepted requests and those on their way count. */
	acceptedBelowAt(size: number): number {
		return this.whenBelow(size, this.acceptedOnes);
	}

	private whenBelow(size: number, answered: TimesToCome): number {
		const excess = this.inFlight + answered.count - size;
		return excess < 0 ? Number.NEGATIVE_INFINITY : answered.at(excess);
	}
}
