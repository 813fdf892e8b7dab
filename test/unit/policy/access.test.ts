/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { describe, expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { opened, type Opened, request, through } from './requests';

const SECOND = 1_000;

const oneLine = { requestsPerMinute: 60, concurrentCalls: 1 };

/** Starts a number of requests of a run, each of which takes a second and notes its name. */
function run(name: string, many: number, { creates }: Opened, order: string[]): void {
	for (let i = 1; i <= many; i++) {
		const send = async () => {
			order.push(`${name}${i}`);
			await new Promise((answered) => void setTimeout(answered, SECOND));
		};
		watch(through(creates, request(send)));
	}
}

describe('Runs that use the same key', () => {
	useFakeTime();

	it('runs that use the same key take turns at the lines, however many requests one of them has', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 1 });
		const order: string[] = [];
		run('a', 500, opened(budget), order);
		await settle();
		run('b', 2, opened(budget), order);
		await pass(6 * SECOND);
		expect(order).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4', 'a5']);
	});

	it('runs that use the same key take turns at the window', async () => {
		const budget = new Budget({ requestsPerMinute: 2, concurrentCalls: 1_000 });
		const order: string[] = [];
		run('a', 500, opened(budget), order);
		await settle();
		run('b', 3, opened(budget), order);
		await pass(244 * SECOND);
		expect(order).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'b2', 'a5', 'b3', 'a6', 'a7']);
	});

	it('runs that use the same key take turns also when there are three', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 1 });
		const order: string[] = [];
		for (const name of ['a', 'b', 'c']) run(name, 3, opened(budget), order);
		await pass(9 * SECOND);
		expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3']);
	});

	it('runs that use the same key are served each in its own order', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const order: string[] = [];
		run('a', 30, opened(budget), order);
		await settle();
		run('b', 10, opened(budget), order);
		await pass(14 * SECOND);
		for (const [name, many] of [
			['a', 30],
			['b', 10],
		] as const) {
			const own = order.filter((one) => one.startsWith(name));
			expect(own).toEqual(Array.from({ length: many }, (_, i) => `${name}${i + 1}`));
		}
	});

	it('runs that use the same key leave no line unused while only one of them has something to send', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const order: string[] = [];
		opened(budget);
		run('a', 9, opened(budget), order);
		await pass(2 * SECOND);
		expect(order).toHaveLength(9);
	});

	it('runs that use the same key take turns at polls too', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const order: string[] = [];
		const poll = ({ polls }: Opened, name: string) =>
			watch(
				through(
					polls,
					request(async () => order.push(name)),
				),
			);
		const first = opened(budget);
		for (let i = 0; i < 1_000; i++) poll(first, 'a');
		await pass(90 * SECOND);
		const sentBefore = order.length;
		poll(opened(budget), 'b');
		await pass(60 * SECOND);
		const between = order.slice(sentBefore, order.indexOf('b'));
		expect(sentBefore).toBeGreaterThan(0);
		expect(order).toContain('b');
		expect(between.length).toBeLessThanOrEqual(1);
	});

	it('runs may be stopped while their requests wait for their turn, and use their credential no longer', async () => {
		const budget = new Budget(oneLine);
		budget.state('tight', { ...oneLine, requestsPerMinute: 1 });
		const access = opened(budget, undefined, 'tight');
		const stop = new AbortController();
		const reason = new Error('stopped');
		const given = ['create', 'create'] as const;
		const results = given.map((kind) =>
			watch(access.acquire(kind, { what: 'Call', signal: stop.signal })),
		);
		await settle();
		stop.abort(reason);
		await settle();
		expect(results[1]).toEqual({ reason, at: 0 });
		results[0]?.value?.release();
		await pass(61 * SECOND);
		expect(budget.inUse).toBe(false);
	});

	it('runs that use the same key do not keep their own reads behind their creates', async () => {
		const access = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 1 }));
		run('a', 10, access, []);
		const read = watch(
			through(
				access.reads,
				request(async () => 'answer'),
			),
		);
		await settle();
		expect(read.at).toBe(0);
	});
});
