import { expect, it } from 'vitest';

import { WaitTally } from '../../../nodes/Twenty2/policy/waitTally';
import { pass, useFakeTime } from './fakeTime';

useFakeTime();

it('adds up one wait after the other, by what they were for', async () => {
	const tally = new WaitTally();
	for (const [ms, heldBack] of [
		[1_000, false],
		[2_000, true],
		[4_000, false],
		[8_000, true],
	] as const) {
		const over = tally.begin();
		await pass(ms);
		over(heldBack);
		// What lies between is no wait.
		await pass(500);
	}
	expect(tally.waited).toEqual({ forLimit: 5_000, forRefusals: 10_000 });
});

it('counts a time in which several wait once', async () => {
	const tally = new WaitTally();
	const first = tally.begin();
	await pass(1_000);
	const second = tally.begin();
	await pass(1_000);
	first(false);
	await pass(1_000);
	second(false);
	expect(tally.waited).toEqual({ forLimit: 3_000, forRefusals: 0 });
});

it('splits such a time where the first of them is over', async () => {
	const tally = new WaitTally();
	const [limit, refusals] = [tally.begin(), tally.begin()];
	await pass(1_000);
	limit(false);
	await pass(2_000);
	refusals(true);
	expect(tally.waited).toEqual({ forLimit: 1_000, forRefusals: 2_000 });
});

it('counts nothing where nothing waits', () => {
	const tally = new WaitTally();
	tally.begin()(false);
	expect(tally.waited).toEqual({ forLimit: 0, forRefusals: 0 });
});
