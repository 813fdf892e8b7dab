/** A call is looked for soon after it was placed, and these take hours at 60 requests a minute. */
const REMEMBERED = 10_000;

/** IDs of calls that are known to be an entry's own, the oldest first. */
const claimed = new Set<string>();

/** How many creates of a kind are on their way, by what they ask for. */
const unanswered = new Map<string, number>();

/**
 * Which call belongs to which create of this process, so that two that ask for the same never take
 * one call for the answer of both.
 */
export class Claim {
	private onItsWay = true;

	/** To be made when a create is sent. @param asked the same for creates that nobody can tell apart */
	constructor(private readonly asked: string) {
		unanswered.set(asked, (unanswered.get(asked) ?? 0) + 1);
	}

	/** The create was answered, or its answer got lost. To be called once. */
	settled(): void {
		if (!this.onItsWay) return;
		this.onItsWay = false;
		const others = (unanswered.get(this.asked) ?? 1) - 1;
		if (others > 0) unanswered.set(this.asked, others);
		else unanswered.delete(this.asked);
	}

	/** Whether a create that asks for the same is on its way, so that a call may be its own. */
	get contested(): boolean {
		return unanswered.has(this.asked);
	}

	/** From now on the call is this create's. */
	take(callId: string): void {
		claimed.add(callId);
		const [oldest] = claimed;
		if (claimed.size > REMEMBERED && oldest !== undefined) claimed.delete(oldest);
	}
}

/** Whether a call belongs to a create of this process. */
export function isClaimed(callId: string): boolean {
	return claimed.has(callId);
}
