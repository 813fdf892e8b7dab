import * as z from 'zod/v4';

import type { Figure } from './figure';
import { median } from './median';
import { done } from './work';

const mostTimesLinear = 1.2;

export async function timeByItems(url: string): Promise<Figure[]> {
	const anItem = async (items: number, runs: number) => {
		const times = await done('timeOfRuns.ts', { url, items, runs }, z.number());
		return times.map((ms) => ms / items);
	};
	const of100 = await anItem(100, 9);
	const before = await anItem(1_000, 5);
	const of50000 = await anItem(50_000, 1);
	// Again, since the machine may have become slower meanwhile.
	const of1000 = [...before, ...(await anItem(1_000, 4))];
	const of10000 = await anItem(10_000, 3);

	const times = { '100': of100, '1000': of1000, '10000': of10000, '50000': of50000 };
	return [
		...Object.entries(times).map(([items, measured]) => ({
			what: `${items} items: time an item`,
			value: median(measured),
			unit: 'ms',
		})),
		{
			what: '50000 items: time an item, in times that of 1000',
			value: median(of50000) / median(of1000),
			unit: '',
			limit: mostTimesLinear,
		},
	];
}
