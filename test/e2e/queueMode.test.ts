/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { hasEnded } from './execution';
import { printFigure } from './figure';
import { lists, startLists, startQueueMode, type QueueMode } from './queueMode';
import { eventually } from './rest';
import type { Lead } from './workflow';

const rounds = Number(process.env.QUEUE_ROUNDS ?? 2);

let queue: QueueMode;

beforeAll(async () => {
	queue = await startQueueMode(inject('tarball'), 3);
});
afterAll(async () => {
	await queue?.stop();
});

describe('three workers and one key', () => {
	it('know each other’s deduplication keys, unless they record the same at one instant', async () => {
		const limits = { requestsPerMinute: 10_000 };
		const sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
		const { n8n } = queue;
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
		const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
		const oncePerPhone = { options: { deduplicationKey: '={{ $json.phone }}' } };
		const moreThan = (times: number, list: Lead[]) =>
			list.filter((lead) => sandbox.seen.callsTo(lead.phone).length > times).length;
		const found = { twice: 0, twiceAtOnce: 0, lost: 0, inDoubt: 0 };
		/** Codes that are not promised, with the executions that they came from. */
		const unexpected: string[] = [];
		const expectOnly = (promised: string[], executions: string, codes: string[]) =>
			unexpected.push(
				...codes
					.filter((code) => !promised.includes(code))
					.map((code) => `${code} of ${executions}`),
			);
		const [duplicate, inDoubt] = ['DUPLICATE_CALL', 'OUTCOME_UNKNOWN'];

		for (let round = 0; round < rounds; round++) {
			const campaign = await createCampaign(n8n, credential, oncePerPhone, {
				onError: 'continueErrorOutput',
			});
			/** Starts one execution per list at the same time. @returns the codes of all failed items */
			const run = async (executions: Lead[][]): Promise<string[]> => {
				const before = await n8n.executions(campaign.id);
				await Promise.all(executions.map(campaign.start));
				const all = await eventually('All executions ending', 180, async () => {
					const now = await n8n.executions(campaign.id);
					const ended = now.length === before.length + executions.length && now.every(hasEnded);
					return ended ? now : undefined;
				});
				const added = all.slice(0, executions.length);
				const stored = await Promise.all(added.map(async ({ id }) => await n8n.execution(id)));
				const failed = stored.flatMap(
					({ data }) => data.resultData.runData.Twenty2?.[0]?.data?.main?.[1] ?? [],
				);
				return failed.map(({ json }) => Object(json.error).code);
			};

			const own = lists(20, 40).slice(5 * round, 5 * round + 5);
			const same = own.pop() ?? [];
			const inTurn = own.pop() ?? [];
			// In the first executions the workflow has no key yet.
			expectOnly([], 'lists of their own', await run(own));
			const again = await run([own.flat()]);
			// A mark that another worker has overwritten leaves its key unused or in doubt.
			expectOnly([duplicate, inDoubt], 'the same people again', again);
			found.inDoubt += again.filter((code) => code === inDoubt).length;
			found.lost += moreThan(1, own.flat());
			// A worker that meets a key while another one places its call cannot know how that ends.
			expectOnly([duplicate, inDoubt], 'one list at once', await run([same, same, same]));
			found.twiceAtOnce += moreThan(1, same);
			for (const times of [0, 1, 2]) {
				const codes = await run([inTurn]);
				expectOnly(times === 0 ? [] : [duplicate], 'executions in turn', codes);
			}
			found.twice += moreThan(1, inTurn);
			expect(Object.keys(sandbox.seen.perNumber())).toHaveLength((round + 1) * 5 * 40);
		}
		await sandbox.close();

		printFigure({
			what: `Of ${rounds * 40} people on three lists at the same instant, phoned more than once`,
			value: found.twiceAtOnce,
			unit: '',
		});
		// A race between processes. In test/engine, writes of one process overlap and no key is lost.
		const recorded = rounds * 120;
		printFigure({
			what: `Of ${recorded} people on lists of their own, the share that could be phoned again later`,
			value: found.lost / recorded,
			unit: '',
		});
		printFigure({
			what: 'The share of whom it is no longer known',
			value: found.inDoubt / recorded,
			unit: '',
		});
		// A build that does not look for its marks again misses a third.
		expect((found.lost + found.inDoubt) / recorded).toBeLessThanOrEqual(0.1);
		expect(found.twice).toBe(0);
		expect(unexpected).toEqual([]);
	});

	it('phone nobody twice when one of them is killed', async () => {
		const limits = { requestsPerMinute: 1_000 };
		const sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
		const given = lists(3, 36);
		for (const { phone } of given.flat()) sandbox.behave(phone, { kind: 'slow', ms: 1_500 });
		const ended = await startLists(queue, given, sandbox, limits);
		const { seen } = sandbox;
		await eventually('Many calls', 120, async () => seen.calls.length > 45 || undefined);
		await queue.workers[0]?.kill();
		const statuses = await ended(400);
		await sandbox.close();

		const phoned = given.map((list) => list.filter((lead) => seen.callsTo(lead.phone).length > 0));
		const [fewest, ...others] = phoned.map(({ length }) => length).sort((a, b) => a - b);
		expect(statuses).toEqual(['error', 'success', 'success']);
		expect(others).toEqual([36, 36]);
		expect(fewest).toBeLessThan(36);
		expect(new Set(Object.values(seen.perNumber()))).toEqual(new Set([1]));
	});
});
