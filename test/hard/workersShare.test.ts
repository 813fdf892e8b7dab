/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { printFigure } from '../e2e/figure';
import { lists, startLists, startQueueMode, type QueueMode } from '../e2e/queueMode';

const rounds = Number(process.env.SHARE_ROUNDS ?? 5);

let queue: QueueMode;

beforeAll(async () => {
	queue = await startQueueMode(inject('tarball'), 3);
});
afterAll(async () => {
	await queue?.stop();
});

/** The number of executions that each worker started. */
const startedByWorker = () =>
	queue.workers.map(({ log }) => log.split('Worker started execution').length - 1);

describe('Three queue workers with 60 leads each', () => {
	// Each round has a sandbox, and so a budget, of its own.
	it.each(Array.from({ length: rounds }, (_, n) => n + 1))(
		'Three queue workers share the limit that none of them is told, round %i',
		async (round) => {
			const sandbox = await startSandbox({ refuseConcurrent: false });
			const given = lists(3, 60);
			const ended = await startLists(queue, given, sandbox);
			const statuses = await ended(500);
			await sandbox.close();

			const { requests, refusals } = sandbox.seen;
			const accepted = requests.filter(({ status }) => status === 200).map(({ at }) => at);
			const seconds = (Math.max(...accepted) - (requests[0]?.at ?? 0)) / 1000;
			printFigure({
				what: '180 calls through 3 workers, in times the possible 120 s',
				value: seconds / 120,
				unit: '',
				limit: 1.15,
			});
			printFigure({
				what: 'Share of their requests that was refused',
				value: (100 * refusals) / requests.length,
				unit: '%',
				// Three workers begin with three requests each. With full-jitter backoff alone it is 80 %.
				limit: 8,
			});
			expect(startedByWorker()).toEqual([round, round, round]);
			expect(statuses).toEqual(['success', 'success', 'success']);
			expect(sandbox.seen.perNumber()).toEqual(
				Object.fromEntries(given.flat().map(({ phone }) => [phone, 1])),
			);
		},
	);
});
