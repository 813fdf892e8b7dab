/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { pass, settle, useFakeTime, watch } from './fakeTime';
import { opened, request, tasks, through, TooMany } from './requests';

const run = promisify(execFile);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
const address = 'https://api.twentytwo.in';

/** As a process begins, with no budgets. */
async function newProcess() {
	vi.resetModules();
	return await import('../../../nodes/Twenty2/policy/budgets');
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

	it('budgetOf gives one budget for the same key and address, also with other limits', () => {
		const budget = budgets.budgetOf('key', address, limits);
		expect(budgets.budgetOf('key', address, limits)).toBe(budget);
		expect(budgets.budgetOf('key', address, { ...limits, concurrentCalls: 9 })).toBe(budget);
	});

	it('budgetOf gives another budget for another key or address', () => {
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
			watch(through(opened(budget).creates, request(tasks().task)));
			return budget;
		});
		expect(new Set(all).size).toBe(4);
	});

	it('a budget has the limits that it was last asked for', async () => {
		const budget = budgets.budgetOf('key', address, { requestsPerMinute: 1, concurrentCalls: 1 });
		const { creates } = opened(budget);
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

	it('a run that sent nothing for minutes keeps its budget while others came and went', async () => {
		const run = budgets.budgetOf('key', address, limits);
		const { reads } = opened(run);
		await through(
			reads,
			request(async () => 'answer'),
		);
		await pass(10 * 60_000);
		// Other keys are used meanwhile, and what is idle is dropped.
		for (const other of ['b', 'c', 'd']) budgets.budgetOf(other, address, limits);
		expect(budgets.budgetOf('key', address, limits)).toBe(run);
	});

	describe('of a key that two credentials hold with different limits', () => {
		const high = { requestsPerMinute: 6, concurrentCalls: 3 };
		const low = { requestsPerMinute: 2, concurrentCalls: 1 };

		/** As a run begins. */
		const open = (credential: string, stated = credential === 'low' ? low : high) =>
			opened(budgets.budgetOf('key', address, stated, credential), undefined, credential);

		const readMany = ({ reads }: ReturnType<typeof open>, many: number) =>
			Array.from({ length: many }, () =>
				watch(
					through(
						reads,
						request(async () => 'answer'),
					),
				),
			);

		const answered = (all: ReturnType<typeof readMany>) => all.filter(({ at }) => at !== undefined);

		it.each([
			['low', 'high'],
			['high', 'low'],
		])(
			'the budget of two credentials has the lower limits, whichever run began last (%s, %s)',
			async (...order) => {
				const accesses = order.map((credential) => open(credential));
				const all = accesses.flatMap((access) => readMany(access, 4));
				await settle();
				expect(answered(all)).toHaveLength(2);
			},
		);

		it('the budget of two credentials has the lower limits as long as a call of that credential holds a line', async () => {
			const some = tasks();
			watch(through(open('low').creates, request(some.task)));
			await pass(120_000);
			const all = readMany(open('high'), 6);
			await settle();
			expect(answered(all)).toHaveLength(1);
			await some.end(0);
			await pass(120_000);
			const later = readMany(open('high'), 6);
			await settle();
			expect(answered(later)).toHaveLength(6);
		});

		it('the budget of two credentials has the higher limits a minute after the last request with the lower ones', async () => {
			const campaign = open('high');
			readMany(open('low'), 1);
			await settle();
			const all = readMany(campaign, 8);
			await settle();
			expect(answered(all)).toHaveLength(1);
			// The campaign goes on by itself.
			await pass(60_000);
			expect(answered(all)).toHaveLength(7);
		});

		it('the budget of two credentials has what a credential says now, and not what it said before', async () => {
			const all = readMany(open('low'), 8);
			await settle();
			expect(answered(all)).toHaveLength(2);
			open('low', high);
			await settle();
			expect(answered(all)).toHaveLength(6);
		});
	});

	describe('whose limits are tried out', () => {
		const tried = (requestsPerMinute: number) =>
			budgets.budgetToTest('key', address, { requestsPerMinute, concurrentCalls: 1 });

		const readMany = (budget: ReturnType<typeof tried>, many: number) =>
			Array.from({ length: many }, () =>
				watch(
					through(
						opened(budget).reads,
						request(async () => 'answer'),
					),
				),
			);

		it.each([1, 1_000])(
			'limits that are tried out do not replace those of the runs that use the key (%i)',
			async (requestsPerMinute) => {
				const budget = budgets.budgetOf('key', address, { ...limits, requestsPerMinute: 2 });
				const before = readMany(budget, 1);
				await settle();
				expect(tried(requestsPerMinute)).toBe(budget);
				const after = readMany(budget, 4);
				await settle();
				expect([...before, ...after].filter(({ at }) => at !== undefined)).toHaveLength(2);
			},
		);

		it('limits that are tried out count where no run uses the key, until the first run that does', async () => {
			const all = readMany(tried(1), 5);
			await settle();
			expect(all.filter(({ at }) => at !== undefined)).toHaveLength(1);
			tried(2);
			await settle();
			expect(all.filter(({ at }) => at !== undefined)).toHaveLength(2);
			budgets.budgetOf('key', address, { ...limits, requestsPerMinute: 4 });
			await settle();
			expect(all.filter(({ at }) => at !== undefined)).toHaveLength(4);
		});
	});

	/** Whether the process holds a budget that nobody uses, once garbage was collected. */
	const isHeld = async (budget: WeakRef<ReturnType<typeof budgets.budgetOf>>) => {
		for (let i = 0; i < 3; i++) {
			// A reference that was read stays alive until the next turn.
			await nextTurn();
			collectGarbage();
		}
		return budget.deref() !== undefined;
	};

	it('a budget with nothing left to remember is dropped', async () => {
		const ref = new WeakRef(budgets.budgetOf('a', address, limits));
		budgets.budgetOf('b', address, limits);
		expect(await isHeld(ref)).toBe(false);
	});

	it('a budget that is busy, paused or not yet forgotten is kept', async () => {
		const open = (key: string) => budgets.budgetOf(key, address, limits);
		const some = tasks();
		watch(through(opened(open('busy')).creates, request(some.task)));
		await settle();
		await through(
			opened(open('counting')).reads,
			request(async () => 'answer'),
		);
		const refuse = async () =>
			await through(
				opened(open('paused')).creates,
				request(async () => await Promise.reject(new TooMany(90_000)), { giveUpAfterMs: 0 }),
			);
		expect(await refuse().catch((reason: Error) => reason.message)).toBe('too many requests');
		const refs = ['busy', 'counting', 'paused'].map((key) => new WeakRef(open(key)));
		const held = async () => {
			budgets.budgetOf('other', address, limits);
			return await Promise.all(refs.map(isHeld));
		};
		expect(await held()).toEqual([true, true, true]);
		await some.end(0);
		await pass(60_000);
		expect(await held()).toEqual([false, false, true]);
		await pass(30_000);
		expect(await held()).toEqual([false, false, false]);
	});

	it('the budgets keep the key nowhere in the memory of the process', async () => {
		const script = join(import.meta.dirname, 'keysInMemory.ts');
		const { stdout } = await run(process.execPath, ['--expose-gc', '--import', 'tsx', script]);
		// Only the keys that the script keeps itself, which shows that it is the memory that was searched.
		expect(stdout).toBe('fghij\n');
	});
});
