import pLimit, { type LimitFunction } from 'p-limit';

import { acquire } from './abortable';
import type { Entry } from './ledger';

const turns = new WeakMap<Entry, LimitFunction>();

/**
 * Waits until nobody else is placing an entry's call: "Retry execution" can be clicked twice, and
 * both retries have the same entries.
 * @param signal ends the waiting
 * @returns lets the next one, who finds in the entry what became of it
 * @throws the signal's reason
 */
export async function turnAt(entry: Entry, signal: AbortSignal): Promise<() => void> {
	const turn = turns.get(entry) ?? pLimit(1);
	turns.set(entry, turn);
	return await acquire(turn, signal);
}
