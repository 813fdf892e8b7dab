/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- never part of the package */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { checkRound, crashAndRunAgain } from '../e2e/crash';
import { busyWorker, startQueueMode, type QueueMode } from '../e2e/queueMode';
import { cutOffAndRetry } from '../e2e/retry';
import { seeded } from '../simulation/seeded';

const rounds = Number(process.env.WORKER_CRASH_ROUNDS ?? 5);
const count = 200;
const seed = 1;

let queue: QueueMode;

beforeAll(async () => {
	queue = await startQueueMode(inject('tarball'), 3);
});
afterAll(async () => {
	await queue?.stop();
});

/** Kills the worker that has an execution, and starts another one. */
const killTheBusyOne = async () => await queue.replaceWorker(busyWorker(queue));

// The next worker knows what this one did from n8n's database only.
describe('With a deduplication key, kill -9 of the queue worker at a random moment', () => {
	it.each(Array.from({ length: rounds }, (_, n) => seed + n))(
		`With a deduplication key, kill -9 of the queue worker at a random moment phones nobody of ${count} twice and forgets nobody, seed %i`,
		async (seed) => {
			const round = await crashAndRunAgain(queue.n8n, count, seeded(seed), killTheBusyOne);
			console.log(`Seed ${seed}: ${JSON.stringify(round)}`);
			checkRound(round, count);
		},
	);
});

// n8n 2.41 stores such an execution without the nodes that were still to run, so a retry runs none.
describe('Without a key, kill -9 of the queue worker and then "Retry execution"', () => {
	it('Without a key, kill -9 of the queue worker and then "Retry execution" phones nobody twice', async () => {
		const cutOffs = [killTheBusyOne];
		const round = await cutOffAndRetry(queue.n8n, seeded(seed), { cutOffs, clicks: 2 });
		console.log(JSON.stringify(round));
		expect(round.phonedTwice).toEqual([]);
		expect(round.phoned).toBeGreaterThan(0);
	});
});
