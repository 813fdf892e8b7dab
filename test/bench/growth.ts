import { startFastServer } from './fastServer';
import type { Bench } from './figure';
import { heapByItems } from './heapByItems';
import { timeByItems } from './timeByItems';

/** Time and heap in processes apart: collecting garbage on demand makes the runs after it slower. */
export const growth: Bench = {
	name: 'c',
	title: 'time and heap by the number of items (5 minutes)',
	async measure() {
		const { url, stop } = await startFastServer();
		try {
			return [...(await timeByItems(url)), ...(await heapByItems(url))];
		} finally {
			stop();
		}
	},
};
