import { sleep } from 'n8n-workflow';

/** An answer of n8n takes several turns of its event loop, each of which waits for so long. */
const MAX_MS = 10;

/**
 * Lets n8n go on with everything else: webhooks, the editor, health checks.
 * @returns to be called between the parts of long work; it gives way when it is time to
 */
export function givingWay(): () => Promise<void> {
	let since = performance.now();
	return async () => {
		if (performance.now() - since < MAX_MS) return;
		await sleep(0);
		since = performance.now();
	};
}
