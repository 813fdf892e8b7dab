const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** What counted at the time of a refusal no longer does a minute later. */
const FIRST_GAP_MS = MINUTE_MS;
const LONGEST_GAP_MS = 3 * MINUTE_MS;

/** How long somebody waits who got next to nothing. */
const HUNGRY_GAP_MS = 20_000;

/** Between two rounds that went well. */
const NEXT_ROUND_MS = 1_500;

/**
 * Having had no more than this, a refusal tells little: it may have been a single one, whose reason
 * is soon over. So the first gaps are of one second, two, four …
 */
const LITTLE = 3;

/** After so many refusals the gap adapts to what asking has brought. */
const EARLY_REFUSALS = 4;
const WORTH_IT = 3;
const ADAPT = 1.5;

/**
 * When to ask for more than the share, and for how much: one request, and while that goes well two,
 * four, eight … in rounds (TCP's slow start), until the next refusal. After that a minute later, and
 * the less it brings the less often, so that refusals stay few however many workers ask.
 */
export class Asking {
	private gap = FIRST_GAP_MS;

	private refusals = 0;

	private wonSinceRefusal = 0;

	private round = { size: 1, won: 0 };

	/** @returns milliseconds until the next may be asked for */
	accepted(): number {
		this.wonSinceRefusal++;
		if (++this.round.won < this.round.size) return 0;
		this.round = { size: this.round.size * 2, won: 0 };
		return NEXT_ROUND_MS * (0.5 + Math.random());
	}

	/**
	 * @param share what is left to this worker
	 * @returns milliseconds until the next may be asked for
	 */
	refused(share: number): number {
		if (++this.refusals > EARLY_REFUSALS) {
			const adapted = this.wonSinceRefusal < WORTH_IT ? this.gap * ADAPT : this.gap / ADAPT;
			this.gap = Math.min(Math.max(adapted, FIRST_GAP_MS), LONGEST_GAP_MS);
		}
		this.wonSinceRefusal = 0;
		this.round = { size: 1, won: 0 };
		const soon = share <= LITTLE ? SECOND_MS * 2 ** (this.refusals - 1) : Number.POSITIVE_INFINITY;
		if (share <= 1) return Math.min(soon, HUNGRY_GAP_MS) * (1 + Math.random() / 2);
		return Math.min(soon, this.gap) * (1 + Math.random() / 20);
	}
}
