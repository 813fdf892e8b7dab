const MINUTE_MS = 60_000;

/** What a 429 may be about: Twenty2 has one answer for both of its limits. */
export type About = 'requests' | 'lines' | 'unclear';

/** What is known when a create was refused for "too many requests". */
export interface Refused {
	/** When it was sent, a time of `performance.now()`. */
	sentAt: number;
	/** Whether calls can be looked at. */
	canLook: boolean;
	/** How many calls of this process are live. */
	live: number;
}

/**
 * Which of Twenty2's two limits a 429 was about.
 *
 * - `none`: nothing is short, or requests are, which the adaptive limit takes care of.
 * - `unclear`: a create was refused, and its early probe as well. One read of a live call decides. If it is
 *   answered, requests are allowed, so lines are short. If it is refused, requests are short.
 * - `lines`: creates wait for a line.
 */
export class Shortage {
	state: 'none' | 'unclear' | 'lines' = 'none';

	/** Refusals counted as about requests because there was no live call to look at. */
	blind = false;

	/** Creates were accepted faster than the documented lines could take them, so lines are never short. */
	private isNeverOfLines = false;

	/** A read has decided that requests are short, and none decides again before this time. */
	private decidedUntil = Number.NEGATIVE_INFINITY;

	/** What a refused create may be about. */
	about({ sentAt, canLook, live }: Refused): About {
		if (this.state === 'lines') return 'lines';
		if (!canLook || this.isNeverOfLines || sentAt < this.decidedUntil) return 'requests';
		if (live > 0) return 'unclear';
		this.blind = true;
		return 'requests';
	}

	/** A read has to decide. */
	ask(): void {
		if (this.state === 'none') this.state = 'unclear';
	}

	/** A read was answered. @returns whether this decides that lines are short */
	readAnswered(): boolean {
		if (this.state !== 'unclear') return false;
		this.state = 'lines';
		this.blind = false;
		return true;
	}

	/** A read was refused as well. @returns whether this decides that requests are short */
	readRateLimited(): boolean {
		if (this.state !== 'unclear') return false;
		this.state = 'none';
		this.blind = false;
		this.decidedUntil = performance.now() + MINUTE_MS;
		return true;
	}

	/** Lines turned out not to be short. @param forGood whether that is certain */
	linesSuffice(forGood: boolean): void {
		this.state = 'none';
		this.isNeverOfLines ||= forGood;
	}
}
