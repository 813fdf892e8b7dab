import { Changes } from './changes';
import type { Entry, Ledger } from './ledger';

/** The limit of calls that one execution may place, by whatever run of the node. */
export class CallLimit {
	/** Calls that are admitted, and not yet known to be placed or not. */
	private readonly pending = new Set<Entry>();

	private readonly changes = new Changes();

	/** What was counted last. Calls that were placed stay so, and counting takes long in a long run. */
	private counted = 0;

	/**
	 * Waits until one more call cannot exceed the limit. A call that may have been placed counts as placed.
	 * @param most how many calls the execution may place
	 * @returns to be called once it is known whether the call was placed; undefined when the limit is reached
	 * @throws the signal's reason
	 */
	async admit(
		entry: Entry,
		most: number,
		ledger: Pick<Ledger, 'countPlaced'>,
		signal: AbortSignal,
	): Promise<(() => void) | undefined> {
		for (;;) {
			signal.throwIfAborted();
			if (entry.state.is === 'unsent' && this.counted >= most) return undefined;
			this.counted = ledger.countPlaced(most, (each) => each !== entry && !this.pending.has(each));
			if (this.counted >= most) return undefined;
			if (this.counted + this.pending.size < most) break;
			await this.changes.sleep(Number.POSITIVE_INFINITY, signal);
		}
		this.pending.add(entry);
		return () => {
			this.pending.delete(entry);
			this.changes.notify();
		};
	}
}
