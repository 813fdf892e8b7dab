import { sleep } from './abortable';

const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** Changes that others wait for. */
export class Changes {
	private readonly waiting = new Set<() => void>();

	/** Wakes all that wait. */
	notify(): void {
		const woken = [...this.waiting];
		this.waiting.clear();
		for (const wake of woken) wake();
	}

	/** Sleeps until the time is over, something changed, or the signal fired. */
	async sleep(ms: number, signal: AbortSignal): Promise<void> {
		await this.within(ms, signal, async (woken) => await sleep(LONGEST_SLEEP_MS, woken));
	}

	/**
	 * Works until that is done. The work is told when the time is over, something changed, or the signal fired, and
	 * may then reject.
	 */
	async within(
		ms: number,
		signal: AbortSignal,
		work: (woken: AbortSignal) => Promise<void>,
	): Promise<void> {
		const controller = new AbortController();
		const woken = AbortSignal.any([signal, controller.signal]);
		const wake = () => controller.abort();
		this.waiting.add(wake);
		const time = Math.ceil(Math.min(ms, LONGEST_SLEEP_MS));
		void sleep(time, woken).then(wake, () => undefined);
		await work(woken).catch(() => undefined);
		this.waiting.delete(wake);
		wake();
	}
}
