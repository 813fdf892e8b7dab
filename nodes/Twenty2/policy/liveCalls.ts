const SECOND_MS = 1_000;

// The constants were chosen with `npm run bench -- e`: its rows with three lines say what a change does.

/** How many durations of calls are remembered. */
const REMEMBERED = 20;

/** A call is looked at first when it is as old as the shortest tenth of the remembered calls became. */
const SHORTEST = 1 / 10;

/** From one look at a call to the next, as a part of how long calls last, or of its age if none has ended. */
const NEXT_LOOK = 1 / 20;
const FIRST_LOOKS = 1 / 5;

/** Backoff after a look that had no answer that tells, as a 404 or a lost one. It doubles up to the longest. */
const FIRST_BACKOFF_MS = 2 * SECOND_MS;
const LONGEST_BACKOFF_MS = 60 * SECOND_MS;

interface LiveCall {
	placedAt: number;
	/** When the call was known to be live the last time. */
	seenAt: number;
	/** When a look had no answer that tells the last time. */
	lookedAt: number;
	/** How many looks in a row had none. */
	unanswered: number;
}

/** Calls of this process that are not known to be over, and when to look at them. */
export class LiveCalls {
	/** The oldest first. */
	private readonly calls = new Map<string, LiveCall>();

	/** For how long calls were certainly live, in milliseconds, the latest last. */
	private lasted: number[] = [];

	get count(): number {
		return this.calls.size;
	}

	has(callId: string): boolean {
		return this.calls.has(callId);
	}

	add(callId: string): void {
		const now = performance.now();
		const never = Number.NEGATIVE_INFINITY;
		this.calls.set(callId, { placedAt: now, seenAt: now, lookedAt: never, unanswered: 0 });
	}

	/** Notes that a call is over. @returns false when it is not known */
	end(callId: string): boolean {
		const call = this.calls.get(callId);
		if (!call) return false;
		// Of a call that ended before the first look this is 0, so the next ones are looked at sooner.
		this.lasted = [...this.lasted.slice(1 - REMEMBERED), call.seenAt - call.placedAt];
		return this.calls.delete(callId);
	}

	/** Notes that a call is live. @returns false when it is not known */
	seen(callId: string): boolean {
		const call = this.calls.get(callId);
		if (call) Object.assign(call, { seenAt: performance.now(), unanswered: 0 });
		return call !== undefined;
	}

	/** Notes that a look had no answer that tells. */
	unanswered(callId: string): void {
		const call = this.calls.get(callId);
		if (call) Object.assign(call, { lookedAt: performance.now(), unanswered: call.unanswered + 1 });
	}

	/** Forgets the oldest calls until at most this number is left. */
	trim(most: number): void {
		for (const callId of this.calls.keys()) {
			if (this.calls.size <= most) return;
			this.calls.delete(callId);
		}
	}

	/** The oldest call, and when it may be looked at. */
	oldest(now: number): { callId: string; at: number } | undefined {
		const [callId] = this.calls.keys();
		if (callId === undefined) return undefined;
		return { callId, at: Math.max(now, ...[...this.calls.values()].map(backoffEnds)) };
	}

	/** The call that is due first, and when. */
	due(): { callId: string; at: number } | undefined {
		const durations = [...this.lasted].sort((a, b) => a - b);
		const shortest = durations[Math.floor(durations.length * SHORTEST)] ?? 0;
		const usual = durations[Math.floor(durations.length / 2)];
		let next: { callId: string; at: number } | undefined;
		for (const [callId, call] of this.calls) {
			const { placedAt, seenAt } = call;
			const age = seenAt - placedAt;
			const pause =
				usual === undefined ? age * FIRST_LOOKS : Math.max(usual, age - usual) * NEXT_LOOK;
			const dueAt = Math.max(placedAt + shortest, seenAt + Math.max(pause, SECOND_MS));
			const at = Math.max(dueAt, backoffEnds(call));
			if (next === undefined || at < next.at) next = { callId, at };
		}
		return next;
	}
}

/** When a call may be looked at again after looks that had no answer that tells. */
function backoffEnds({ lookedAt, unanswered }: LiveCall): number {
	if (unanswered === 0) return Number.NEGATIVE_INFINITY;
	return lookedAt + Math.min(FIRST_BACKOFF_MS * 2 ** (unanswered - 1), LONGEST_BACKOFF_MS);
}
