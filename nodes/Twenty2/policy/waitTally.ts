/** How long a run has waited for the limits of its key, in milliseconds. */
export interface Waited {
	/** For the limit on requests a minute. */
	forLimit: number;
	/** Because Twenty2 refused for "too many requests". */
	forRefusals: number;
}

/** Adds up the time in which any request of a run waits. Waits at the same time count once. */
export class WaitTally {
	readonly waited: Waited = { forLimit: 0, forRefusals: 0 };

	private waiting = 0;

	private since = 0;

	/** @returns ends the wait; its argument says whether refusals were the reason */
	begin(): (heldBack: boolean) => void {
		if (this.waiting++ === 0) this.since = performance.now();
		return (heldBack) => {
			this.waiting--;
			const now = performance.now();
			this.waited[heldBack ? 'forRefusals' : 'forLimit'] += now - this.since;
			this.since = now;
		};
	}
}
