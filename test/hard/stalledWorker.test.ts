/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- never part of the package */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { createCampaign } from '../e2e/campaign';
import { hasEnded } from '../e2e/execution';
import { n8n1 } from '../e2e/n8nVersion';
import { busyWorker, startQueueMode, type QueueMode } from '../e2e/queueMode';
import { eventually } from '../e2e/rest';
import { leads } from '../e2e/workflow';

/** For how long the worker stands still, in seconds. */
const still = 45;
const count = 30;

let queue: QueueMode;

beforeAll(async () => {
	queue = await startQueueMode(inject('tarball'), 2, {
		version: n8n1,
		more: { QUEUE_WORKER_LOCK_DURATION: '5000', QUEUE_WORKER_LOCK_RENEW_TIME: '2000' },
	});
});
afterAll(async () => {
	await queue?.stop();
});

const wait = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));

// n8n 1 gives the execution of a worker that stands still to another one, and both go on.
describe('A queue worker of n8n 1 that stands still and goes on', () => {
	it.each([1, 8, 21])(
		'A queue worker of n8n 1 that stands still and goes on phones nobody whom the other one phones (after %i calls)',
		async (after) => {
			const limits = { requestsPerMinute: 10_000 };
			const sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
			const given = leads(count);
			for (const { phone } of given) sandbox.behave(phone, { kind: 'slow', ms: 700 });
			const { n8n } = queue;
			const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
			const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
			const { id, start } = await createCampaign(
				n8n,
				credential,
				{},
				{
					onError: 'continueErrorOutput',
				},
			);
			await start(given);
			const { seen } = sandbox;
			await eventually('Some calls', 60, async () => seen.calls.length >= after || undefined);
			const stalled = busyWorker(queue);
			stalled.signal('SIGSTOP');
			await wait(still * 1_000);
			const byOther = seen.calls.length;
			stalled.signal('SIGCONT');
			await eventually('The execution ending', 120, async () => {
				const [newest] = await n8n.executions(id);
				return newest && hasEnded(newest) ? true : undefined;
			});
			// The one that woke up may still be at it.
			let before = -1;
			while (before < seen.requests.length) {
				before = seen.requests.length;
				await wait(5_000);
			}
			await sandbox.close();
			const perNumber = Object.values(seen.perNumber());
			const twice = perNumber.filter((calls) => calls > 1).length;
			console.log(
				`After ${after}: ${perNumber.length} of ${count} phoned, ${twice} twice; ${byOther} calls while it stood still`,
			);
			expect(twice).toBe(0);
			expect(perNumber.length).toBeGreaterThan(0);
		},
	);
});
