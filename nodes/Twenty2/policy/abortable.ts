import type { LimitFunction } from 'p-limit';

import { ownSignal } from './ownSignal';

/**
 * Waits for one of `places` and keeps it.
 * @param stopped ends the waiting
 * @returns gives the place back
 * @throws the signal's reason
 */
export async function take(places: LimitFunction, stopped: AbortSignal): Promise<() => void> {
	stopped.throwIfAborted();
	const signal = ownSignal(stopped);
	return await new Promise((resolve, reject) => {
		const giveUp = () => reject(signal.reason);
		signal.addEventListener('abort', giveUp, { once: true });
		void places(async () => {
			signal.removeEventListener('abort', giveUp);
			if (!signal.aborted) await new Promise<void>((leave) => resolve(leave));
		});
	});
}
