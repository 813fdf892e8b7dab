import { sleep } from 'n8n-workflow';

/**
 * What bundled libraries find in place of Node's timers and global object, which community nodes
 * may not use. The build puts these names into the bundle.
 */
export const bundleScope = {};

interface Timer {
	off: AbortController;
}

export function setTimeout(run: () => void, ms: number): Timer {
	const off = new AbortController();
	void sleep(ms, off.signal).then(
		() => {
			if (!off.signal.aborted) run();
		},
		() => undefined,
	);
	return { off };
}

export function clearTimeout(timer: Timer | undefined): void {
	timer?.off.abort();
}
