import { describe, expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { budgetOf, budgetToTest } from '../../../nodes/Twenty2/policy/budgets';
import { RateLimiter } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { permitOf, rateLimited } from './outcomes';
import { opened, request, tasks, through, TooMany, type Way } from './requests';

const MINUTE = 60_000;
const answer = async () => 'answer';

const start = (lane: Way, send: () => Promise<unknown> = answer, giveUpAfterMs?: number) =>
	watch(through(lane, request(send, giveUpAfterMs === undefined ? {} : { giveUpAfterMs })));

describe('The limits of a budget', () => {
	useFakeTime();
	useShortestWaits();

	it.each(['creates', 'reads'] as const)(
		'a budget sends no last try of %s after the deadline, however long Twenty2 asks to wait',
		async (lane) => {
			const access = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }));
			const sentAt: number[] = [];
			const refusal = new TooMany(10 * MINUTE);
			const send = async () => {
				sentAt.push(performance.now());
				throw refusal;
			};
			const given = start(access[lane], send, 6 * MINUTE);
			await settle();
			expect(given).toEqual({ reason: refusal, at: 0 });
			await pass(30 * MINUTE);
			expect(sentAt).toEqual([0]);
		},
	);

	it.each(['creates', 'reads'] as const)(
		'a budget lets %s wait as long as Twenty2 asks, and says how long that was',
		async (lane) => {
			const access = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }));
			const sentAt: number[] = [];
			const given = start(access[lane], async () => {
				sentAt.push(performance.now());
				if (sentAt.length === 1) throw new TooMany(10 * MINUTE);
			});
			await pass(20 * MINUTE);
			expect(sentAt).toEqual([0, 10 * MINUTE]);
			expect(given.at).toBe(10 * MINUTE);
			expect(access.waited).toEqual({ forLimit: 0, forRefusals: 10 * MINUTE });
			start(access[lane]);
			await settle();
			expect(access.waited).toEqual({ forLimit: 0, forRefusals: 10 * MINUTE });
		},
	);

	describe('at a limit of two a minute, after 70 minutes of it', () => {
		const sendFor70Minutes = async (runs: number) => {
			const budget = new Budget({ requestsPerMinute: 2, concurrentCalls: 5 });
			const sentAt: number[] = [];
			const sendWithoutEnd = async ({ reads }: { reads: Way }) => {
				for (;;) {
					await through(
						reads,
						request(async () => sentAt.push(performance.now())),
					);
				}
			};
			for (let n = 0; n < runs; n++) void sendWithoutEnd(opened(budget));
			await pass(71 * MINUTE - 1);
			return sentAt.slice(138);
		};

		it('a saturated budget lets the only request go, for no other program need be there', async () => {
			const [first, second] = [69 * MINUTE, 70 * MINUTE];
			expect(await sendFor70Minutes(1)).toEqual([first, first, second, second]);
		});

		it('a saturated budget holds one of several requests back for a moment, which another program may take', async () => {
			expect((await sendFor70Minutes(3)).at(-1)).toBe(70 * MINUTE + 30_000);
		});
	});

	it('the limits of a budget are forgotten only when nothing waits for a line', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 1 });
		const some = tasks();
		start(opened(budget).reads, some.task);
		start(opened(budget).reads, some.task);
		await settle();
		await pass(2 * MINUTE);
		expect(budget.idle).toBe(false);
	});

	it('a budget takes over a number of calls at once that changed alone', async () => {
		const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
		const budget = budgetOf('changed', 'https://x.example', limits);
		budgetOf('changed', 'https://x.example', { ...limits, concurrentCalls: 1 });
		const some = tasks();
		for (let n = 0; n < 3; n++) start(opened(budget).creates, some.task);
		await settle();
		expect(some.running).toBe(1);
	});

	it('the limits of a budget stay as they are for who waits while others are tried out', async () => {
		const limits = { requestsPerMinute: 60, concurrentCalls: 1 };
		const budget = budgetOf('tried', 'https://x.example', limits);
		const some = tasks();
		for (let n = 0; n < 3; n++) start(opened(budget).creates, some.task);
		await settle();
		budgetToTest('tried', 'https://x.example', { ...limits, concurrentCalls: 9 });
		await settle();
		expect(some.running).toBe(1);
	});

	it('a budget fails no create that has to ask for a line once more', async () => {
		const { creates, waited } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 10 }));
		const live = new Set<number>();
		let placed = 0;
		const create = async () => {
			if (live.size > 0) throw new TooMany();
			live.add(++placed);
			return placed;
		};
		const call = { idOf: String, isOver: async (id: string) => !live.has(Number(id)) };
		const given = Array.from({ length: 4 }, () =>
			watch(through(creates, request(create, { call }))),
		);
		for (let n = 0; n < 4; n++) {
			await pass(5 * MINUTE);
			expect(given.map(({ reason }) => reason)).toEqual([
				undefined,
				undefined,
				undefined,
				undefined,
			]);
			live.clear();
		}
		await pass(5 * MINUTE);
		expect(placed).toBe(4);
		// What waits for a line waits because of a refusal, and not for the limit on requests.
		expect(waited.forLimit).toBe(0);
		expect(waited.forRefusals).toBeGreaterThan(0);
	});
});

describe('A rate limiter', () => {
	useFakeTime();

	it('a rate limiter lets all go when what it has learned is to be forgotten', async () => {
		const limiter = new RateLimiter(5);
		const first = await permitOf(limiter);
		first.settle(rateLimited(3_000));
		const waiting = [1, 2, 3].map(() => watch(permitOf(limiter)));
		await pass(10_000);
		expect(waiting.filter(({ at }) => at !== undefined)).toHaveLength(1);
		limiter.reset();
		await settle();
		expect(waiting.filter(({ at }) => at !== undefined)).toHaveLength(3);
	});
});
