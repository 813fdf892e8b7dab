import { sleep } from './abortable';

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
		await this.untilWoken(signal, async (woken) => await sleep(ms, woken));
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
		await this.untilWoken(signal, async (woken, wake) => {
			void sleep(ms, woken).then(wake, () => undefined);
			await work(woken);
		});
	}

	private async untilWoken(
		signal: AbortSignal,
		work: (woken: AbortSignal, wake: () => void) => Promise<void>,
	): Promise<void> {
		const controller = new AbortController();
		const wake = () => controller.abort();
		this.waiting.add(wake);
		await work(AbortSignal.any([signal, controller.signal]), wake).catch(() => undefined);
		this.waiting.delete(wake);
		wake();
	}
}
