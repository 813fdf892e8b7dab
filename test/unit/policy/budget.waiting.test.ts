import { describe, expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { noting, opened, request, tasks, through, TooMany } from './requests';

const answer = async () => 'answer';

useShortestWaits();

describe('How long a run has waited', () => {
	useFakeTime();

	it('a run has not waited while nothing holds it up', async () => {
		const { creates, waited } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }));
		const some = tasks();
		watch(through(creates, request(some.task)));
		await pass(10_000);
		await some.end(0);
		expect(waited).toEqual({ forLimit: 0, forRefusals: 0 });
	});

	it('a run has waited for the limit where that was used up', async () => {
		const { creates, waited } = opened(new Budget({ requestsPerMinute: 1, concurrentCalls: 3 }));
		for (let i = 0; i < 3; i++) watch(through(creates, request(answer)));
		await pass(120_000);
		expect(waited).toEqual({ forLimit: 120_000, forRefusals: 0 });
	});

	it('a run has waited for refusals where Twenty2 refused', async () => {
		const { creates, waited } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }));
		watch(through(creates, request(noting([])('call', new TooMany(5_000), new TooMany(7_000)))));
		await pass(12_000);
		expect(waited).toEqual({ forLimit: 0, forRefusals: 12_000 });
	});

	it('requests of a run that wait together are counted once', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const { creates, reads, waited } = opened(budget);
		const some = tasks();
		for (let i = 0; i < 3; i++) watch(through(creates, request(some.task)));
		await settle();
		for (const which of [0, 1, 2]) await some.refuse(which, new TooMany(5_000));
		watch(through(reads, request(answer)));
		await pass(5_000);
		for (const which of [3, 4, 5]) await some.end(which);
		expect(waited).toEqual({ forLimit: 0, forRefusals: 5_000 });
	});

	it('how long a run has waited is counted for each run', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 3 });
		const [first, second] = [opened(budget), opened(budget)];
		for (const { creates } of [first, second]) watch(through(creates, request(answer)));
		await pass(60_000);
		expect(first.waited.forLimit).toBe(0);
		expect(second.waited.forLimit).toBe(60_000);
	});

	it('a run has waited for refusals also where it gave up for them', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 3 });
		const refused = noting([])('call', new TooMany(5_000), new TooMany(30_000));
		watch(through(opened(budget).creates, request(refused)));
		await settle();
		const { creates, waited } = opened(budget);
		const hasty = watch(through(creates, request(answer, { giveUpAfterMs: 6_000 })));
		await pass(5_000);
		expect(hasty.reason).toBeInstanceOf(TooMany);
		expect(waited).toEqual({ forLimit: 0, forRefusals: 5_000 });
	});
});

describe('What the log is told', () => {
	useFakeTime();

	it('the log names the request by what it is, why it waits and how long', async () => {
		const log: string[] = [];
		const access = opened(new Budget({ requestsPerMinute: 2, concurrentCalls: 1 }), (message) =>
			log.push(message),
		);
		const send = noting([])('+919876543210', new TooMany(5_000));
		watch(through(access.creates, request(send, { what: 'Call to …3210' })));
		await pass(5_000);
		watch(through(access.reads, request(answer, { what: 'Looking up 42' })));
		await pass(60_000);
		expect(log).toEqual([
			'Call to …3210 was refused: too many requests',
			'Call to …3210 waits: 1 of 2 requests of the last minute used',
			'Call to …3210 waited 5.0 seconds',
			'Looking up 42 waits: 2 of 2 requests of the last minute used',
			'Looking up 42 waited 55.0 seconds',
		]);
	});

	it('the log is told nothing while nothing waits', async () => {
		const log: string[] = [];
		const { creates } = opened(
			new Budget({ requestsPerMinute: 60, concurrentCalls: 3 }),
			(message) => log.push(message),
		);
		await through(creates, request(answer));
		expect(log).toEqual([]);
	});
});
