import { sleep } from 'n8n-workflow';

import type { Body } from './files';

/**
 * Watches a body while it is read. A slow one may take as long as it needs, so a timeout for the
 * whole would be wrong; one that stands still would never end.
 * @param over fires when it is no longer read
 * @param still called when nothing has come for `ms`
 */
export function steady(body: Body, ms: number, over: AbortSignal, still: () => void): Body {
	let lastAt = performance.now();
	const watch = async () => {
		for (let left = ms; left > 0; left = lastAt + ms - performance.now()) {
			await sleep(left, over);
			// All of it may have come and still be on its way into a bucket.
			if (over.aborted || body.readableEnded) return;
		}
		still();
	};
	void watch().catch(() => undefined);
	return body.map((chunk: Buffer) => {
		lastAt = performance.now();
		return chunk;
	});
}
