import { describe, expect, it } from 'vitest';

import { Count } from '../../../nodes/Twenty2/policy/slidingWindow';
import { pass, useFakeTime } from './fakeTime';

const MINUTE = 60_000;

/** Sends so many requests, answered at once. */
function answered(many: number, accepted = true): Count {
	const count = new Count();
	for (let i = 0; i < many; i++) {
		count.send();
		count.answer(accepted);
	}
	return count;
}

describe('Count', () => {
	useFakeTime();

	it('counts a request from its sending until a minute after its answer', async () => {
		const count = new Count();
		count.send();
		await pass(10 * MINUTE);
		count.forget(performance.now());
		expect(count.total).toBe(1);

		count.answer(true);
		await pass(MINUTE - 1);
		count.forget(performance.now());
		expect(count.total).toBe(1);
		await pass(1);
		count.forget(performance.now());
		expect(count.total).toBe(0);
	});

	it('counts refused requests too, but not as accepted', async () => {
		const count = answered(3);
		await pass(1_000);
		count.send();
		count.answer(false);
		expect([count.total, count.accepted]).toEqual([4, 3]);

		await pass(MINUTE - 1_000);
		count.forget(performance.now());
		expect([count.total, count.accepted]).toEqual([1, 0]);
	});

	it('forgets each at its own time', async () => {
		const count = answered(2);
		await pass(1_000);
		count.send();
		count.answer(true);
		await pass(MINUTE - 1_000);
		count.forget(performance.now());
		expect([count.total, count.accepted]).toEqual([1, 1]);
	});

	it('is up to date when an answer comes, however long that took', async () => {
		const count = answered(2);
		count.send();
		await pass(10 * MINUTE);
		count.answer(true);
		expect([count.total, count.accepted]).toEqual([1, 1]);
	});

	describe('below', () => {
		it('is in the past while there is room', () => {
			expect(answered(2).below(3)).toBeLessThan(performance.now());
			expect(answered(2).below(Number.POSITIVE_INFINITY)).toBeLessThan(performance.now());
		});

		it('is when as many have left as are too many', async () => {
			const count = answered(1);
			await pass(1_000);
			count.send();
			count.answer(true);
			expect(count.below(2)).toBe(MINUTE);
			expect(count.below(1)).toBe(MINUTE + 1_000);
		});

		it('is not known while answers are missing', async () => {
			const count = answered(1);
			count.send();
			expect(count.below(2)).toBe(MINUTE);
			expect(count.below(1)).toBe(Number.POSITIVE_INFINITY);
		});

		it('never comes where nothing may count', () => {
			expect(answered(0).below(0)).toBe(Number.POSITIVE_INFINITY);
			expect(answered(3).below(0)).toBe(Number.POSITIVE_INFINITY);
			expect(answered(3).below(-1)).toBe(Number.POSITIVE_INFINITY);
		});
	});
});
