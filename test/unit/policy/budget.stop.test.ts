import { describe, expect, it, vi } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { noting, opened, request, tasks, through, TooMany } from './requests';

const reason = new Error('stopped');
const oneLine = { requestsPerMinute: 60, concurrentCalls: 1 };

describe('A run that is stopped', () => {
	useFakeTime();
	useShortestWaits();

	/** A run that can be stopped, and what it has sent. */
	function stoppable(budget: Budget) {
		const { signal, abort } = withAbort();
		const { creates } = opened(budget);
		const sent: string[] = [];
		const start = (name: string, ...answers: Error[]) =>
			watch(through(creates, request(noting(sent)(name, ...answers), { signal })));
		return { start, sent, signal, stop: abort };
	}

	function withAbort() {
		const controller = new AbortController();
		const abort = async () => {
			controller.abort(reason);
			await settle();
		};
		return { signal: controller.signal, abort };
	}

	const startOther = (budget: Budget) =>
		watch(
			through(
				opened(budget).creates,
				request(async () => 'answer'),
			),
		);

	it('a run that is stopped before it begins sends nothing', async () => {
		const budget = new Budget(oneLine);
		const { start, stop, sent } = stoppable(budget);
		await stop();
		const result = start('call');
		await settle();
		expect(result).toEqual({ reason, at: 0 });
		expect(sent).toEqual([]);
		expect(budget.idle).toBe(true);
	});

	it('a run that is stopped while it waits for a line or for its turn leaves at once', async () => {
		const budget = new Budget(oneLine);
		const some = tasks();
		watch(through(opened(budget).creates, request(some.task)));
		const { start, stop, sent } = stoppable(budget);
		const results = Array.from({ length: 500 }, (_, i) => start(`call ${i}`));
		const other = startOther(budget);
		await pass(500);
		await stop();
		expect(new Set(results.map(({ at }) => at))).toEqual(new Set([500]));
		expect(new Set(results.map((result) => result.reason))).toEqual(new Set([reason]));
		expect(other.at).toBeUndefined();

		await some.end(0);
		expect(other.at).toBe(500);
		await pass(60_000);
		expect(sent).toEqual([]);
		expect(budget.idle).toBe(true);
	});

	it('a run that is stopped while it waits for the window leaves at once, and gives its line to the next', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 1 });
		await through(
			opened(budget).reads,
			request(async () => 'answer'),
		);
		const { start, stop, sent } = stoppable(budget);
		const results = [start('first'), start('second')];
		const other = startOther(budget);
		await pass(500);
		await stop();
		expect(results).toEqual([
			{ reason, at: 500 },
			{ reason, at: 500 },
		]);

		await pass(59_500);
		expect(other).toEqual({ value: 'answer', at: 60_000 });
		expect(sent).toEqual([]);
		await pass(60_000);
		expect(budget.idle).toBe(true);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('a run that is stopped while Twenty2 refuses leaves at once, and sends nothing again', async () => {
		const budget = new Budget(oneLine);
		const { start, stop, sent } = stoppable(budget);
		const results = [start('refused', new TooMany(50_000)), start('behind it')];
		await pass(500);
		const other = startOther(budget);
		await stop();
		expect(results).toEqual([
			{ reason, at: 500 },
			{ reason, at: 500 },
		]);

		await pass(49_500);
		expect(other).toEqual({ value: 'answer', at: 50_000 });
		expect(sent).toEqual(['refused']);
		await pass(60_000);
		expect(budget.idle).toBe(true);
	});

	it('a run that is stopped while another of its requests is on its way waits for that one only', async () => {
		const budget = new Budget(oneLine);
		const { signal, abort } = withAbort();
		const { creates } = opened(budget);
		const some = tasks();
		const results = [1, 2].map(() => watch(through(creates, request(some.task, { signal }))));
		const other = startOther(budget);
		await settle();
		await abort();
		expect(results).toEqual([{}, { reason, at: 0 }]);
		expect(other.at).toBeUndefined();

		await pass(500);
		await some.end(0);
		expect(results[0]).toEqual({ value: 0, at: 500 });
		expect(other.at).toBe(500);
		expect(some.sent).toBe(1);
	});

	it('a run that is stopped does not repeat what is refused after that, but holds the others back', async () => {
		const budget = new Budget(oneLine);
		const { signal, abort } = withAbort();
		const some = tasks();
		const result = watch(through(opened(budget).creates, request(some.task, { signal })));
		await settle();
		await abort();
		await some.refuse(0, new TooMany(5_000));
		expect(result).toEqual({ reason, at: 0 });
		const other = startOther(budget);
		await pass(60_000);
		expect(other.at).toBe(5_000);
		expect(some.sent).toBe(1);
	});

	it('a run that is stopped between its permit and sending sends nothing, and leaves the permit to another', async () => {
		const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 1 });
		await through(
			opened(budget).reads,
			request(async () => 'answer'),
		);
		const { start, stop, sent } = stoppable(budget);
		const waiting = start('call');
		const other = startOther(budget);
		await settle();
		budget.allow({ requestsPerMinute: 2, concurrentCalls: 1 });
		await stop();
		expect(waiting.reason).toBe(reason);
		expect(sent).toEqual([]);
		expect(other.at).toBe(0);
		await pass(60_000);
		expect(budget.idle).toBe(true);
	});

	it('a run that is stopped between the permit of a probe and sending lets another probe', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 2 });
		const { start, stop, sent } = stoppable(budget);
		const probe = start('probe', new TooMany());
		const other = startOther(budget);
		await settle();
		// The alarm for its permit has gone off, but nothing has heard of it yet.
		vi.advanceTimersByTime(1_000);
		await Promise.resolve();
		await stop();
		expect(probe.reason).toBe(reason);
		await pass(60_000);
		expect(sent).toEqual(['probe']);
		expect(other.value).toBe('answer');
		await pass(60_000);
		expect(budget.idle).toBe(true);
	});

	it('a run that is stopped leaves the order and the lines of the others as they were', async () => {
		const budget = new Budget(oneLine);
		const some = tasks();
		watch(through(opened(budget).creates, request(some.task)));
		const { start, stop } = stoppable(budget);
		const second = start('second');
		const order: string[] = [];
		for (const name of ['third', 'fourth']) {
			watch(through(opened(budget).creates, request(noting(order)(name))));
		}
		await settle();
		await stop();
		expect(second.reason).toBe(reason);

		await some.end(0);
		expect(order).toEqual(['third', 'fourth']);
	});
});
