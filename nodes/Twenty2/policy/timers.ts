import { sleep } from './abortable';

/**
 * What bundled libraries find in place of Node's timers and global object, which community nodes
 * may not use. The build puts these names into the bundle.
 */
export const bundleScope = {};

export function setTimeout(run: () => void, ms: number): AbortController {
	const off = new AbortController();
	void sleep(ms, off.signal).then(run, () => undefined);
	return off;
}

export function clearTimeout(off: AbortController | undefined): void {
	off?.abort();
}
