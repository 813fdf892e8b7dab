import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { pass, settle, useFakeTime, watch } from './fakeTime';
import { request, tasks, through, TooMany } from './requests';

const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
const address = 'https://api.twentytwo.in';

/** As a process begins, with no budgets. */
async function newProcess() {
	vi.resetModules();
	return await import('../../../nodes/Twenty2/policy/budget');
}

describe('budgetOf', () => {
	useFakeTime();

	let budgets: Awaited<ReturnType<typeof newProcess>>;
	beforeEach(async () => {
		budgets = await newProcess();
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('is the same for the same key and address, also with other limits', () => {
		const budget = budgets.budgetOf('key', address, limits);
		expect(budgets.budgetOf('key', address, limits)).toBe(budget);
		expect(budgets.budgetOf('key', address, { ...limits, concurrentCalls: 9 })).toBe(budget);
	});

	it('is another for another key or address', () => {
		const all = (
			[
				['key', address],
				['key2', address],
				['key', 'https://api.other.in'],
				['', `${address}key`],
			] as const
		).map(([key, baseUrl]) => {
			const budget = budgets.budgetOf(key, baseUrl, limits);
			// Or it would be dropped, and the next one be another for that reason.
			watch(through(budget.open().creates, request(tasks().task)));
			return budget;
		});
		expect(new Set(all).size).toBe(4);
	});

	it('has the limits it was last asked for', async () => {
		const budget = budgets.budgetOf('key', address, { requestsPerMinute: 1, concurrentCalls: 1 });
		const { creates } = budget.open();
		const calls = [1, 2, 3].map(() =>
			watch(
				through(
					creates,
					request(async () => 'answer'),
				),
			),
		);
		await settle();
		expect(calls.map(({ at }) => at)).toEqual([0, undefined, undefined]);
		budgets.budgetOf('key', address, { requestsPerMinute: 2, concurrentCalls: 1 });
		await settle();
		expect(calls.map(({ at }) => at)).toEqual([0, 0, undefined]);
	});

	it('drops those with nothing left to remember', async () => {
		const dropped = budgets.budgetOf('a', address, limits);
		budgets.budgetOf('b', address, limits);
		expect(budgets.budgetOf('a', address, limits)).not.toBe(dropped);
	});

	it('keeps those that are busy, paused or not yet forgotten', async () => {
		const busy = budgets.budgetOf('busy', address, limits);
		const some = tasks();
		watch(through(busy.open().creates, request(some.task)));
		await settle();
		const counting = budgets.budgetOf('counting', address, limits);
		await through(
			counting.open().reads,
			request(async () => 'answer'),
		);
		const paused = budgets.budgetOf('paused', address, limits);
		const refused = request(async () => await Promise.reject(new TooMany(90_000)), {
			giveUpAfterMs: 0,
		});
		await expect(through(paused.open().creates, refused)).rejects.toThrow(TooMany);

		budgets.budgetOf('other', address, limits);
		expect(budgets.budgetOf('busy', address, limits)).toBe(busy);
		expect(budgets.budgetOf('counting', address, limits)).toBe(counting);
		expect(budgets.budgetOf('paused', address, limits)).toBe(paused);

		await some.end(0);
		await pass(60_000);
		budgets.budgetOf('other', address, limits);
		expect(budgets.budgetOf('busy', address, limits)).not.toBe(busy);
		expect(budgets.budgetOf('counting', address, limits)).not.toBe(counting);
		expect(budgets.budgetOf('paused', address, limits)).toBe(paused);

		await pass(30_000);
		budgets.budgetOf('other', address, limits);
		expect(budgets.budgetOf('paused', address, limits)).not.toBe(paused);
	});

	it('holds the key nowhere', async () => {
		const set = vi.spyOn(Map.prototype, 'set');
		const key = 'secret-of-the-customer';
		budgets.budgetOf(key, address, limits);
		const held = set.mock.contexts.map((map) => inspect(map, { showHidden: true, depth: null }));
		set.mockRestore();

		const ours = held.filter((text) => text.includes('Budget'));
		expect(ours).toHaveLength(1);
		expect(ours.join()).not.toContain(key);
		expect(inspect(budgets, { showHidden: true, depth: null })).not.toContain(key);
	});
});
