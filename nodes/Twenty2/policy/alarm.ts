import { wait } from './wait';

/** The longest a timer can run; a longer wait is taken in pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Wakes once, at a time that can be changed until then. */
export class Alarm {
	private set: { at: number; off: AbortController } | undefined;

	constructor(private readonly wake: () => void) {}

	/** @param at a time of `performance.now()`; infinite: not at all */
	wakeAt(at: number): void {
		if (this.set?.at === at) return;
		this.set?.off.abort();
		this.set = undefined;
		if (at === Number.POSITIVE_INFINITY) return;

		const off = new AbortController();
		this.set = { at, off };
		const ms = Math.ceil(Math.max(at - performance.now(), 0));
		void wait(Math.min(ms, LONGEST_TIMER_MS), off.signal).then(
			() => {
				this.set = undefined;
				this.wake();
			},
			() => undefined,
		);
	}
}
