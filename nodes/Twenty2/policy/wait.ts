import { sleep } from 'n8n-workflow';

import { ownSignal } from './ownSignal';

/**
 * Waits, or stops waiting when the signal fires. Community nodes may not use timers of their own
 * (n8n's verification rules), and n8n-workflow's `sleep` heeds a signal only since n8n 2.
 * @param ms milliseconds, at most 2^31 - 1
 * @throws the signal's reason
 */
export async function wait(ms: number, stopped: AbortSignal): Promise<void> {
	stopped.throwIfAborted();
	const signal = ownSignal(stopped);
	await new Promise<void>((resolve, reject) => {
		const stop = () => reject(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
		sleep(ms, signal).then(
			() => {
				signal.removeEventListener('abort', stop);
				resolve();
			},
			() => undefined,
		);
	});
}
