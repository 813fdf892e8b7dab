/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { hasEnded } from './execution';
import { lists, startLists, startQueueMode, type QueueMode } from './queueMode';
import { eventually } from './rest';
import { leads, type Lead } from './workflow';

const rounds = Number(process.env.QUEUE_ROUNDS ?? 1);

let queue: QueueMode;

beforeAll(async () => {
	queue = await startQueueMode(inject('tarball'), 3);
});
afterAll(async () => {
	await queue?.stop();
});

describe('three workers and one key', () => {
	/** A campaign that phones everybody once, whichever worker carries it out. */
	const oncePerPhone = async () => {
		const limits = { requestsPerMinute: 10_000 };
		const sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
		const { n8n } = queue;
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
		const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
		const parameters = { options: { deduplicationKey: '={{ $json.phone }}' } };
		const campaign = await createCampaign(n8n, credential, parameters, {
			onError: 'continueErrorOutput',
		});
		/** Starts one execution per list at the same time. @returns the codes of all failed items */
		const run = async (executions: Lead[][]): Promise<string[]> => {
			const before = await n8n.executions(campaign.id, 100);
			await Promise.all(executions.map(campaign.start));
			const all = await eventually('All executions ending', 300, async () => {
				const now = await n8n.executions(campaign.id, 100);
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
		return { sandbox, run };
	};
	const duplicates = (count: number) => Array<string>(count).fill('DUPLICATE_CALL');
	const onceEach = (people: Lead[]) => Object.fromEntries(people.map(({ phone }) => [phone, 1]));

	it('Three workers phone each person on one list once, in executions at the same instant and in turn', async () => {
		for (let round = 0; round < rounds; round++) {
			const { sandbox, run } = await oncePerPhone();
			const people = leads(120);
			// In the first executions the workflow has no key yet.
			expect(await run([people, people, people])).toEqual(duplicates(240));
			expect(await run([people])).toEqual(duplicates(120));
			expect(sandbox.seen.perNumber()).toEqual(onceEach(people));
			await sandbox.close();
		}
	});

	it('Three workers forget no key when they record others at the same instant', async () => {
		const { sandbox, run } = await oncePerPhone();
		const own = lists(3, 40);
		expect(await run(own)).toEqual([]);
		expect(await run([own.flat()])).toEqual(duplicates(120));
		expect(sandbox.seen.perNumber()).toEqual(onceEach(own.flat()));
		await sandbox.close();
	});

	it('Three workers phone a person once who is delivered twice at the same instant, 50 times', async () => {
		const { sandbox, run } = await oncePerPhone();
		const people = leads(50);
		for (let n = 0; n < 50; n += 10) {
			const ten = people.slice(n, n + 10).flatMap((lead) => [[lead], [lead]]);
			expect(await run(ten)).toEqual(duplicates(10));
		}
		expect(sandbox.seen.perNumber()).toEqual(onceEach(people));
		await sandbox.close();
	});

	it('Three workers phone nobody twice when one of them is killed', async () => {
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
