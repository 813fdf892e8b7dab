import { describe, expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { noting, opened, request, tasks, through, TooMany } from './requests';

const oneLine = { requestsPerMinute: 60, concurrentCalls: 1 };

describe('A request that Twenty2 refuses for "too many requests"', () => {
	useFakeTime();
	useShortestWaits();

	it('a refused request is sent again until it is answered', async () => {
		const { creates } = opened(new Budget(oneLine));
		const order: string[] = [];
		const send = noting(order)('call', new TooMany(), new TooMany(5_000));
		const result = watch(through(creates, request(send)));
		await pass(1_000);
		expect(order).toHaveLength(2);
		await pass(5_000);
		expect(order).toHaveLength(3);
		expect(result).toEqual({ value: 'call', at: 6_000 });
	});

	it('a refused request keeps its line, and goes before everything that waits', async () => {
		const budget = new Budget(oneLine);
		const order: string[] = [];
		const name = noting(order);
		const first = through(opened(budget).creates, request(name('first', new TooMany(5_000))));
		watch(first);
		for (const other of ['second', 'third']) {
			watch(through(opened(budget).creates, request(name(other))));
		}
		await pass(4_999);
		expect(order).toEqual(['first']);
		await pass(1);
		expect(order).toEqual(['first', 'first', 'second', 'third']);
	});

	it('a refused request goes first in the window too', async () => {
		const { creates } = opened(new Budget({ requestsPerMinute: 2, concurrentCalls: 5 }));
		const order: string[] = [];
		const some = tasks();
		for (const name of ['refused', 'accepted', 'third']) {
			const send = async () => {
				order.push(name);
				return await some.task();
			};
			watch(through(creates, request(send)));
		}
		await settle();
		await some.refuse(0, new TooMany(90_000));
		await some.end(1);
		await pass(90_000);
		await some.end(2);
		expect(order).toEqual(['refused', 'accepted', 'refused', 'third']);
	});

	it('a refused request probes alone, however many wait, and brings all the others soon after it', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const some = tasks();
		const results = Array.from({ length: 6 }, () =>
			watch(through(opened(budget).creates, request(some.task))),
		);
		await settle();
		for (const which of [0, 1, 2]) await some.refuse(which, new TooMany());
		expect(some.sent).toBe(3);

		await pass(59_999);
		expect([some.sent, some.running]).toEqual([3, 0]);
		await pass(1);
		expect([some.sent, some.running]).toEqual([4, 1]);
		await some.end(3);
		// Three refusals confirm each other, so the limit opens by slow start.
		await pass(750);
		expect([some.sent, some.running]).toEqual([5, 1]);
		for (let which = 4; which < 9; which++) {
			await some.end(which);
			await pass(1_500);
		}
		expect(results.every(({ value }) => value !== undefined)).toBe(true);
		expect(some.sent).toBe(9);
	});

	it('a refused request probes alone also while what was sent before it is answered', async () => {
		const { creates } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }));
		const some = tasks();
		for (let i = 0; i < 5; i++) watch(through(creates, request(some.task)));
		await settle();
		await some.refuse(0, new TooMany());
		await pass(1_000);
		expect(some.sent).toBe(4);
		await some.end(1);
		await some.end(2);
		expect(some.sent).toBe(4);
		await some.end(3);
		expect(some.sent).toBe(6);
	});

	it('a refused request keeps no reads waiting for a line', async () => {
		const { creates, reads } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }));
		const call = { idOf: (id: string) => id, isOver: async () => false };
		await through(
			creates,
			request(async () => 'placed earlier', { call }),
		);
		const refused = noting([])('call', ...Array.from({ length: 9 }, () => new TooMany()));
		watch(through(creates, request(refused, { call })));
		await pass(1_500);
		const results = Array.from({ length: 10 }, () =>
			watch(
				through(
					reads,
					request(async () => 'answer'),
				),
			),
		);
		await pass(500);
		// The second refusal, after one second, holds everything back for another.
		expect(new Set(results.map(({ at }) => at))).toEqual(new Set([2_000]));
	});

	it('a refused request does not try sooner because another run has requests, too', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const some = tasks();
		watch(through(opened(budget).creates, request(some.task)));
		await settle();
		await some.refuse(0, new TooMany(5_000));
		watch(through(opened(budget).creates, request(some.task)));
		await pass(4_999);
		expect(some.sent).toBe(1);
		await pass(1);
		expect(some.sent).toBe(2);
	});

	it('a refused request is given up by those with less patience, which frees their line', async () => {
		const budget = new Budget(oneLine);
		const because = new TooMany(5_000);
		const order: string[] = [];
		const name = noting(order);
		const hasty = request(name('hasty', because), { giveUpAfterMs: 4_999 });
		const patient = request(name('patient'), { giveUpAfterMs: 5_000 });
		const results = [hasty, patient].map((one) => watch(through(opened(budget).creates, one)));
		await settle();
		expect(results[0]).toEqual({ reason: because, at: 0 });
		await pass(5_000);
		expect(results[1]?.at).toBe(5_000);
		expect(order).toEqual(['hasty', 'patient']);
	});

	it('a refused request tells those that it keeps from being sent so, and has its own reason', async () => {
		const unsent = new Error('not sent');
		const because = new TooMany(5_000, unsent);
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const hasty = (...answers: Error[]) =>
			watch(
				through(
					opened(budget).reads,
					request(noting([])('read', ...answers), { giveUpAfterMs: 4_999 }),
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
		const inSeconds = (seconds: number) => ({ giveUpAfterMs: seconds * 1_000 });

		/** Reads that were accepted, then one that was refused twice. The next probe is in a minute. */
		async function shrunk(): Promise<Budget> {
			const budget = new Budget(limits);
			const { reads } = opened(budget);
			for (let i = 0; i < 20; i++)
				await through(
					reads,
					request(async () => 'answer'),
				);
			const given = request(noting([])('refused', new TooMany(), new TooMany()), inSeconds(1));
			watch(through(reads, given));
			await pass(1_000);
			for (let i = 0; i < 15; i++)
				watch(
					through(
						opened(budget).reads,
						request(async () => 'x'),
					),
				);
			return budget;
		}

		it('a request with little patience is tried once more at the end of it, and brings the answer', async () => {
			const budget = await shrunk();
			const order: string[] = [];
			const read = watch(
				through(opened(budget).reads, request(noting(order)('read'), inSeconds(15))),
			);
			await pass(14_999);
			expect(order).toEqual([]);
			await pass(1);
			expect(read).toEqual({ value: 'read', at: 16_000 });
		});

		it('a request with little patience is given up when its last try is refused as well', async () => {
			const budget = await shrunk();
			const order: string[] = [];
			const again = new TooMany();
			const send = noting(order)('read', again);
			const read = watch(through(opened(budget).reads, request(send, inSeconds(15))));
			await pass(15_000);
			expect(read).toEqual({ reason: again, at: 16_000 });
			expect(order).toEqual(['read']);
		});

		it('the last try of a request with little patience goes alone, and those after it learn from its answer', async () => {
			const budget = await shrunk();
			const some = tasks();
			const reads = Array.from({ length: 3 }, () =>
				watch(through(opened(budget).reads, request(some.task, inSeconds(15)))),
			);
			await pass(15_000);
			expect(some.sent).toBe(1);
			await some.refuse(0, new TooMany());
			expect(some.sent).toBe(1);
			expect(reads.map(({ at }) => at)).toEqual([16_000, 16_000, 16_000]);
		});
	});

	it('a refused request waits as long as it was asked to, and the others 5 minutes at most', async () => {
		const minute = 60_000;
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const order: string[] = [];
		const name = noting(order);
		const refused = request(name('refused', new TooMany(10 * minute)));
		const first = watch(through(opened(budget).creates, refused));
		await settle();
		const other = watch(through(opened(budget).creates, request(name('other'))));
		await pass(10 * minute);
		expect([first.at, other.at]).toEqual([10 * minute, 5 * minute]);
		expect(order).toEqual(['refused', 'other', 'refused']);
	});

	it('a refused request holds back creates and reads alike for as long as it says', async () => {
		for (const way of ['creates', 'reads'] as const) {
			const from = performance.now();
			const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
			const refused = noting([])('refused', new TooMany(25_000));
			watch(through(opened(budget)[way], request(refused)));
			await settle();
			const access = opened(budget);
			const both = [access.creates, access.reads].map((either) =>
				watch(
					through(
						either,
						request(async () => 'answer'),
					),
				),
			);
			await pass(24_999);
			expect(both.map(({ at }) => at)).toEqual([undefined, undefined]);
			await pass(2_000);
			for (const { at = 0 } of both) expect(at).toBeGreaterThanOrEqual(from + 25_000);
		}
	});
});
