import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import {
	calendarMinute,
	slidingWindow,
	startSandbox,
	tokenBucket,
	type Sandbox,
} from '../../sandbox';
import { createCallNode, engineFor, getCallNode, leads, phone } from './twenty2';
import { runUntilDone, untilDone, useVirtualTime } from './virtualTime';

useVirtualTime();
let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ refuseConcurrent: false, clock: () => performance.now() });
});
afterEach(() => sandbox.close());

it('the limits of a key are used up and never exceeded', async () => {
	const engine = engineFor(sandbox, { requestsPerMinute: 60 });
	const running = engine.start({ items: leads(150), node: createCallNode() });
	const { runs, seconds } = await untilDone(sandbox, [running]);

	expect(runs.map(({ success }) => success.length)).toEqual([150]);
	expect(sandbox.seen.refusals).toBe(0);
	expect(sandbox.seen.mostInAnyWindow).toBe(60);
	// 60 at once, 60 after a minute, 30 after two; the rest is the network.
	expect(seconds).toBeGreaterThanOrEqual(120);
	expect(seconds).toBeLessThan(130);
});

it.each([
	['a sliding window', slidingWindow],
	['the calendar minute', calendarMinute],
	['a token bucket', tokenBucket],
])(
	'the limits of a key are kept however Twenty2 counts (%s), on a network that delays',
	async (_, counting) => {
		await sandbox.close();
		// Repeatable, and without order: a request may overtake the one before it.
		let seed = 1;
		const networkDelay = () => (seed = (seed * 48_271) % 2_147_483_647) % 201;
		sandbox = await startSandbox({
			refuseConcurrent: false,
			clock: () => performance.now(),
			counting,
			networkDelay,
		});
		// Not from the start of a minute, where all ways of counting are the same.
		vi.advanceTimersByTime(17_000);
		const engine = engineFor(sandbox, { requestsPerMinute: 60 });
		const { runs, seconds } = await untilDone(sandbox, [
			engine.start({ items: leads(180), node: createCallNode() }),
		]);

		expect(runs.map(({ success }) => success.length)).toEqual([180]);
		expect(sandbox.seen.refusals).toBe(0);
		// The limit itself takes 120 seconds, and the last 60 calls their time on the network.
		expect(seconds).toBeGreaterThanOrEqual(120);
		expect(seconds).toBeLessThan(145);
	},
);

it('the limits of a key are shared by executions, operations and credentials of the same key', async () => {
	const items = leads(50);
	const engine = () => engineFor(sandbox, { requestsPerMinute: 30 });
	const { runs } = await untilDone(sandbox, [
		engine().start({ items: items.slice(0, 25), node: createCallNode() }),
		engine().start({
			items: items.slice(0, 25).map(() => ({ call_id: 'call_1' })),
			node: getCallNode({}, { onError: 'continueRegularOutput' }),
		}),
		engine().start({ items: items.slice(25), node: createCallNode() }),
	]);
	expect(runs.every(({ status }) => status === 'success')).toBe(true);
	expect(sandbox.seen.requests).toHaveLength(75);
	expect(sandbox.seen.mostInAnyWindow).toBe(30);
	expect(sandbox.seen.refusals).toBe(0);
});

it('a 429 holds back everything that uses the key, for as long as Twenty2 asks', async () => {
	sandbox.behave(phone(0), { kind: '429', times: 1, retryAfterSeconds: 20 });
	// One line only: the second call gets it the moment the first is refused.
	const running = engineFor(sandbox, { concurrentCalls: 1 }).start({
		items: leads(2),
		node: createCallNode(),
	});
	const run = await runUntilDone(sandbox, running);

	expect(run.success).toHaveLength(2);
	const [refused, ...later] = sandbox.seen.requests.map(({ at }) => at);
	expect(later).toHaveLength(2);
	for (const at of later) expect(at - Number(refused)).toBeGreaterThanOrEqual(20_000);
});

it('the message tells who was never sent apart from who was refused', async () => {
	sandbox.behave(phone(0), { kind: '429', retryAfterSeconds: 3_600 });
	// A pause for the others lasts 5 minutes at most.
	const options = { giveUpAfterSeconds: 100 };
	const running = engineFor(sandbox, { concurrentCalls: 1 }).start({
		items: leads(2),
		node: createCallNode({ options }, { onError: 'continueRegularOutput' }),
	});
	const run = await runUntilDone(sandbox, running);
	const [refused, unsent] = run.success.map(({ json }) => json.error);
	expect(refused).toMatchObject({
		code: 'RATE_LIMIT_EXCEEDED',
		message: 'Rate limit exceeded',
		status: 429,
		source: 'twenty2',
		attempts: 1,
	});
	expect(unsent).toEqual({
		code: 'RATE_LIMIT_EXCEEDED',
		message: expect.stringMatching(/^Not sent, because /),
		description: expect.stringContaining('Keep Trying When Busy'),
		status: null,
		source: 'n8n',
		outcome: 'not_placed',
		attempts: 0,
	});
	expect(sandbox.seen.requests).toHaveLength(1);
});
