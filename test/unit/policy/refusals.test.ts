import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { Endurance } from '../../../nodes/Twenty2/policy/endurance';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { noting, request, tasks, TooMany } from './requests';

const oneLine = { requestsPerMinute: 60, concurrentCalls: 1 };

describe('A request that Twenty2 refuses for "too many requests"', () => {
	useFakeTime();

	// The shortest waits that chance gives.
	beforeEach(() => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('is sent again until it is answered', async () => {
		const { creates } = new Budget(oneLine).open();
		const order: string[] = [];
		const send = noting(order)('call', new TooMany(), new TooMany(5_000));
		const result = watch(creates.through(request(send)));
		await pass(1_000);
		expect(order).toHaveLength(2);
		await pass(5_000);
		expect(order).toHaveLength(3);
		expect(result).toEqual({ value: 'call', at: 6_000 });
	});

	it('keeps its line, and goes before everything that waits', async () => {
		const budget = new Budget(oneLine);
		const order: string[] = [];
		const name = noting(order);
		const first = budget.open().creates.through(request(name('first', new TooMany(5_000))));
		watch(first);
		for (const other of ['second', 'third']) {
			watch(budget.open().creates.through(request(name(other))));
		}
		await pass(4_999);
		expect(order).toEqual(['first']);
		await pass(1);
		expect(order).toEqual(['first', 'first', 'second', 'third']);
	});

	it('goes first in the window too', async () => {
		const { creates } = new Budget({ requestsPerMinute: 2, concurrentCalls: 5 }).open();
		const order: string[] = [];
		const some = tasks();
		for (const name of ['refused', 'accepted', 'third']) {
			const send = async () => {
				order.push(name);
				return await some.task();
			};
			watch(creates.through(request(send)));
		}
		await settle();
		await some.refuse(0, new TooMany(90_000));
		await some.end(1);
		await pass(90_000);
		await some.end(2);
		expect(order).toEqual(['refused', 'accepted', 'refused', 'third']);
	});

	it('tries alone, however many wait, and brings the others after it', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const some = tasks();
		const results = Array.from({ length: 6 }, () =>
			watch(budget.open().creates.through(request(some.task))),
		);
		await settle();
		for (const which of [0, 1, 2]) await some.refuse(which, new TooMany());
		expect(some.begun).toBe(3);

		await pass(30_000);
		expect(some.begun).toBe(4);
		for (let which = 3; which < 9; which++) {
			expect([some.begun, some.running]).toEqual([which + 1, 1]);
			await some.end(which);
		}
		expect(results.every(({ value }) => value !== undefined)).toBe(true);
		expect(some.begun).toBe(9);
	});

	it('tries alone also while what was sent before it is answered', async () => {
		const { creates } = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }).open();
		const some = tasks();
		for (let i = 0; i < 5; i++) watch(creates.through(request(some.task)));
		await settle();
		await some.refuse(0, new TooMany());
		await pass(1_000);
		expect(some.begun).toBe(4);
		await some.end(1);
		await some.end(2);
		expect(some.begun).toBe(4);
		await some.end(3);
		expect(some.begun).toBe(5);
	});

	it('keeps no reads waiting for a line', async () => {
		const { creates, reads } = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }).open();
		watch(creates.through(request(noting([])('call', new TooMany(), new TooMany()))));
		await pass(1_500);
		const results = Array.from({ length: 10 }, () =>
			watch(reads.through(request(async () => 'answer'))),
		);
		await pass(500);
		// The second refusal, after one second, holds everything back for another.
		expect(new Set(results.map(({ at }) => at))).toEqual(new Set([2_000]));
	});

	it('does not try sooner because another run has requests, too', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const some = tasks();
		watch(budget.open().creates.through(request(some.task)));
		await settle();
		await some.refuse(0, new TooMany(5_000));
		watch(budget.open().creates.through(request(some.task)));
		await pass(4_999);
		expect(some.begun).toBe(1);
		await pass(1);
		expect(some.begun).toBe(2);
	});

	it('says that lines are busy as far as they now go, after more are allowed', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const { creates, reads } = budget.open();
		await creates.through(request(async () => 'answer'));
		budget.allow({ requestsPerMinute: 60, concurrentCalls: 20 });
		const some = tasks();
		const placed = Array.from({ length: 21 }, () => watch(creates.through(request(some.task))));
		await settle();
		for (let which = 0; which < 19; which++) await some.end(which);
		await some.refuse(19, new TooMany());
		await some.refuse(20, new TooMany());
		const looks = Array.from({ length: 30 }, () =>
			watch(reads.through(request(async () => 'answer'))),
		);
		await pass(1_000);
		// Had it been taken for the requests a minute, reads would be held back as well.
		expect(new Set(looks.map(({ at }) => at))).toEqual(new Set([1_000]));
		expect(some.begun).toBe(22);
		await some.end(21);
		await some.end(22);
		expect(placed.every(({ value }) => value !== undefined)).toBe(true);
	});

	it('is given up by those with less patience, which frees their line', async () => {
		const budget = new Budget(oneLine);
		const because = new TooMany(5_000);
		const order: string[] = [];
		const name = noting(order);
		const hasty = request(name('hasty', because), { endurance: new Endurance(4_999) });
		const patient = request(name('patient'), { endurance: new Endurance(5_000) });
		const results = [hasty, patient].map((one) =>
			watch(budget.open().creates.through<string>(one)),
		);
		await settle();
		expect(results[0]).toEqual({ reason: because, at: 0 });
		await pass(5_000);
		expect(results[1]?.at).toBe(5_000);
		expect(order).toEqual(['hasty', 'patient']);
	});

	it('tells those that it keeps from being sent so, and has its own reason', async () => {
		const unsent = new Error('not sent');
		const because = new TooMany(5_000, unsent);
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const hasty = (...answers: Error[]) =>
			watch(
				budget
					.open()
					.reads.through(
						request(noting([])('read', ...answers), { endurance: new Endurance(4_999) }),
					),
			);
		const results = [hasty(because)];
		await settle();
		results.push(hasty());
		await settle();
		expect(results.map(({ reason }) => reason)).toEqual([because, unsent]);
	});

	describe('with less patience than it takes until its turn', () => {
		const limits = { requestsPerMinute: 60, concurrentCalls: 30 };
		const inSeconds = (seconds: number) => ({ endurance: new Endurance(seconds * 1_000) });

		/** Reads that were accepted, then one that was refused: the next is to ask in a minute. */
		async function shrunk(): Promise<Budget> {
			const budget = new Budget(limits);
			const { reads } = budget.open();
			for (let i = 0; i < 20; i++) await reads.through(request(async () => 'answer'));
			const given = request(noting([])('refused', new TooMany()), inSeconds(0));
			await watch(reads.through(given));
			await settle();
			for (let i = 0; i < 15; i++) watch(budget.open().reads.through(request(async () => 'x')));
			return budget;
		}

		it('is tried once more at the end of it, and brings the answer', async () => {
			const budget = await shrunk();
			const order: string[] = [];
			const read = watch(
				budget.open().reads.through(request(noting(order)('read'), inSeconds(15))),
			);
			await pass(14_999);
			expect(order).toEqual([]);
			await pass(1);
			expect(read).toEqual({ value: 'read', at: 15_000 });
		});

		it('is given up when that is refused as well', async () => {
			const budget = await shrunk();
			const order: string[] = [];
			const again = new TooMany();
			const send = noting(order)('read', again);
			const read = watch(budget.open().reads.through(request(send, inSeconds(15))));
			await pass(15_000);
			expect(read).toEqual({ reason: again, at: 15_000 });
			expect(order).toEqual(['read']);
		});

		it('tries alone, and those after it learn from its answer', async () => {
			const budget = await shrunk();
			const some = tasks();
			const reads = Array.from({ length: 3 }, () =>
				watch(budget.open().reads.through(request(some.task, inSeconds(15)))),
			);
			await pass(15_000);
			expect(some.begun).toBe(1);
			await some.refuse(0, new TooMany());
			expect(some.begun).toBe(1);
			expect(reads.map(({ at }) => at)).toEqual([15_000, 15_000, 15_000]);
		});

		it('tries for a line in the same way', async () => {
			const budget = new Budget({ ...limits, concurrentCalls: 2 });
			const { creates } = budget.open();
			const answers = Array.from({ length: 6 }, () => new TooMany());
			watch(creates.through(request(noting([])('patient', ...answers))));
			// The sixth try comes 30 seconds after the fifth.
			await pass(16_000);
			const order: string[] = [];
			const hasty = watch(creates.through(request(noting(order)('hasty'), inSeconds(10))));
			await pass(10_000);
			expect(order).toEqual(['hasty']);
			expect(hasty).toEqual({ value: 'hasty', at: 26_000 });
		});
	});

	it('holds back creates and reads alike for as long as it says', async () => {
		for (const way of ['creates', 'reads'] as const) {
			const from = performance.now();
			const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
			const refused = noting([])('refused', new TooMany(25_000));
			watch(budget.open()[way].through(request(refused)));
			await settle();
			const access = budget.open();
			const both = [access.creates, access.reads].map((either) =>
				watch(either.through(request(async () => 'answer'))),
			);
			await pass(24_999);
			expect(both.map(({ at }) => at)).toEqual([undefined, undefined]);
			await pass(2_000);
			for (const { at = 0 } of both) expect(at).toBeGreaterThanOrEqual(from + 25_000);
		}
	});
});
