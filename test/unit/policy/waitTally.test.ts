import { describe, expect, it } from 'vitest';

import { Waits } from '../../../nodes/Twenty2/policy/waitTally';
import { pass, useFakeTime } from './fakeTime';

describe('Waits', () => {
	useFakeTime();

	it('adds up one wait after the other, by what they were for', async () => {
		const waits = new Waits();
		for (const [ms, heldBack] of [
			[1_000, false],
			[2_000, true],
			[4_000, false],
			[8_000, true],
		] as const) {
			const over = waits.begin();
			await pass(ms);
			over(heldBack);
			// What lies between is no wait.
			await pass(500);
		}
		expect(waits.waited).toEqual({ forLimit: 5_000, forRefusals: 10_000 });
	});

	it('counts a time in which several wait once', async () => {
		const waits = new Waits();
		const first = waits.begin();
		await pass(1_000);
		const second = waits.begin();
		await pass(1_000);
		first(false);
		await pass(1_000);
		second(false);
		expect(waits.waited).toEqual({ forLimit: 3_000, forRefusals: 0 });
	});

	it('splits such a time where the first of them is over', async () => {
		const waits = new Waits();
		const [limit, refusals] = [waits.begin(), waits.begin()];
		await pass(1_000);
		limit(false);
		await pass(2_000);
		refusals(true);
		expect(waits.waited).toEqual({ forLimit: 1_000, forRefusals: 2_000 });
	});

	it('counts nothing for who need not wait', () => {
		const waits = new Waits();
		waits.begin()(false);
		expect(waits.waited).toEqual({ forLimit: 0, forRefusals: 0 });
	});
});
