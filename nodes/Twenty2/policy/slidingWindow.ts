const MINUTE_MS = 60_000;

/**
 * How many requests Twenty2 may be counting.
 *
 * Twenty2 counts a request when it arrives, which is some time between sending it and reading its
 * answer. So a request takes a place from sending until 60 seconds after its answer: however the
 * network delays, no 60 seconds at Twenty2 ever hold more than were counted here. That also keeps a
 * calendar minute and a token bucket of the same size.
 */
export class Count {
	/** Sent, and not yet answered. */
	private unanswered = 0;

	/** Answered less than 60 seconds ago, earliest first. */
	private readonly answered: Array<{ leavesAt: number; accepted: boolean }> = [];

	/** How many of the answered were accepted. */
	accepted = 0;

	get total(): number {
		return this.unanswered + this.answered.length;
	}

	send(): void {
		this.unanswered++;
	}

	answer(accepted: boolean): void {
		const now = performance.now();
		this.forget(now);
		this.unanswered--;
		this.answered.push({ leavesAt: now + MINUTE_MS, accepted });
		if (accepted) this.accepted++;
	}

	forget(now: number): void {
		const still = this.answered.findIndex(({ leavesAt }) => leavesAt > now);
		const gone = this.answered.splice(0, still === -1 ? this.answered.length : still);
		this.accepted -= gone.filter(({ accepted }) => accepted).length;
	}

	/** When fewer than `size` will count; never, as far as is known, while answers are missing. */
	below(size: number): number {
		const tooMany = this.total - size;
		if (tooMany < 0) return Number.NEGATIVE_INFINITY;
		return this.answered[tooMany]?.leavesAt ?? Number.POSITIVE_INFINITY;
	}
}
