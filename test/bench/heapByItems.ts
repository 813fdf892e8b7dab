import type { Figure } from './figure';
import { kept, type Kept } from './kept';
import { median } from './median';
import { done } from './work';

const mostBytesAnItem = 2_000;

export async function heapByItems(url: string): Promise<Figure[]> {
	const heap = async (items: number, runs: number) =>
		await done('heapOfRuns.ts', { url, items, runs }, kept);
	const beside = (items: number, results: Kept[]) => ({
		what: `${items} items: heap an item, beside what went in and came out`,
		value: median(results.map(({ besideItems }) => besideItems)) / items,
		unit: 'bytes',
		limit: mostBytesAnItem,
	});
	const of50000 = await heap(50_000, 1);
	return [
		beside(100, await heap(100, 5)),
		beside(1_000, await heap(1_000, 5)),
		beside(10_000, await heap(10_000, 3)),
		beside(50_000, of50000),
		// Of many only: what V8 keeps for itself comes and goes by some hundred kB.
		{
			what: '50000 items: heap an item, when n8n has let go of the execution',
			value: median(of50000.map(({ afterwards }) => afterwards)) / 50_000,
			unit: 'bytes',
			limit: mostBytesAnItem,
		},
	];
}
