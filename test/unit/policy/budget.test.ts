import { describe, expect, it } from 'vitest';

import { Budget, type Pass } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { request, tasks } from './requests';

const three = { requestsPerMinute: 60, concurrentCalls: 3 };
const answer = async () => 'answer';

/** Each of them of a run of its own. */
const start = (budget: Budget, way: 'creates' | 'reads', send: Parameters<typeof request>[0]) =>
	watch(budget.open()[way].through(request(send)));

/** All of them of one run. */
const startAll = (through: Pass, many: number, send: Parameters<typeof request>[0]) =>
	Array.from({ length: many }, () => watch(through.through(request(send))));

describe('Budget', () => {
	useFakeTime();

	it.each(['creates', 'reads'] as const)(
		'%s: sends at most concurrentCalls at once, of one run or of many',
		async (way) => {
			const budget = new Budget(three);
			const some = tasks();
			const results = [
				...startAll(budget.open()[way], 4, some.task),
				...Array.from({ length: 3 }, () => start(budget, way, some.task)),
			];
			await settle();
			for (let i = 0; i < 7; i++) {
				expect(some.running).toBe(Math.min(3, 7 - i));
				await some.end(i);
			}
			expect(results.every(({ value }) => value !== undefined)).toBe(true);
		},
	);

	it('gives the place of one that rejected to the next', async () => {
		const budget = new Budget({ ...three, concurrentCalls: 1 });
		const reason = new Error('refused');
		const first = start(budget, 'creates', async () => await Promise.reject(reason));
		const second = start(budget, 'creates', answer);
		await settle();
		expect(first.reason).toBe(reason);
		expect(second.value).toBe('answer');
	});

	it('gives everything back when sending fails before it begins', async () => {
		const budget = new Budget({ ...three, concurrentCalls: 1 });
		const mistake = new TypeError('x is not a function');
		const first = start(budget, 'creates', () => {
			throw mistake;
		});
		const second = start(budget, 'creates', answer);
		await settle();
		expect(first.reason).toBe(mistake);
		expect(second.value).toBe('answer');
		await pass(60_000);
		expect(budget.idle).toBe(true);
	});

	it('lets reads through while all lines are busy, and creates while all reads are', async () => {
		for (const [busy, free] of [
			['creates', 'reads'],
			['reads', 'creates'],
		] as const) {
			const access = new Budget(three).open();
			const some = tasks();
			startAll(access[busy], 4, some.task);
			const [other] = startAll(access[free], 1, answer);
			await settle();
			expect(some.running).toBe(3);
			expect(other?.value).toBe('answer');
		}
	});

	it.each(['creates', 'reads'] as const)(
		'%s: takes in those waiting when more calls are allowed',
		async (way) => {
			const budget = new Budget({ ...three, concurrentCalls: 1 });
			const some = tasks();
			startAll(budget.open()[way], 5, some.task);
			await settle();
			budget.allow({ requestsPerMinute: 60, concurrentCalls: 4 });
			await settle();
			expect(some.running).toBe(4);
		},
	);

	it('begins no more than allowed after fewer calls are allowed', async () => {
		const budget = new Budget(three);
		const some = tasks();
		startAll(budget.open().creates, 5, some.task);
		await settle();
		budget.allow({ requestsPerMinute: 60, concurrentCalls: 1 });
		await some.end(0);
		await some.end(1);
		expect([some.begun, some.running]).toEqual([3, 1]);
		await some.end(2);
		expect([some.begun, some.running]).toEqual([4, 1]);
	});

	it('takes in those waiting for the window when more requests are allowed', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 3 });
		const all = startAll(budget.open().creates, 3, answer);
		await settle();
		budget.allow({ requestsPerMinute: 2, concurrentCalls: 3 });
		await settle();
		expect(all.map(({ at }) => at)).toEqual([0, 0, undefined]);
	});

	it.each(['creates', 'reads'] as const)('%s: sends at most requestsPerMinute', async (way) => {
		const budget = new Budget({ requestsPerMinute: 2, concurrentCalls: 5 });
		const sent: number[] = [];
		startAll(budget.open()[way], 5, async () => sent.push(performance.now()));
		await pass(120_000);
		expect(sent).toEqual([0, 0, 60_000, 60_000, 120_000]);
	});

	it('counts creates and reads together in the window', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 5 });
		start(budget, 'creates', answer);
		const read = start(budget, 'reads', answer);
		await pass(59_999);
		expect(read.at).toBeUndefined();
		await pass(1);
		expect(read.value).toBe('answer');
	});

	describe('idle', () => {
		it.each(['creates', 'reads'] as const)(
			'is false while one of the %s is on its way',
			async (way) => {
				const budget = new Budget(three);
				expect(budget.idle).toBe(true);
				const some = tasks();
				start(budget, way, some.task);
				await pass(90_000);
				expect(budget.idle).toBe(false);
				await some.end(0);
				await pass(60_000);
				expect(budget.idle).toBe(true);
			},
		);

		it('is false while a request still counts', async () => {
			const budget = new Budget(three);
			start(budget, 'creates', answer);
			await pass(59_999);
			expect(budget.idle).toBe(false);
			await pass(1);
			expect(budget.idle).toBe(true);
		});
	});
});
