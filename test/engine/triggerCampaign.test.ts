/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import type { INodeParameters } from 'n8n-workflow';
import { afterEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { startTrigger, type Trigger } from './startTrigger';
import { createCallNode, engineFor, leads } from './twenty2';
import { untilSettled, useVirtualTime } from './virtualTime';

const PEOPLE = 150;
const LIMIT = 60;

/** What became of a campaign, and of the events of its calls. */
interface Outcome {
	/** How often each status was answered to a delivery. */
	answers: Record<number, number>;
	/** Executions that went on with an item. */
	started: number;
	mostRunning: number;
	/** From the beginning to the last create, and to the last execution. */
	seconds: { creates: number; events: number };
}

useVirtualTime();

let sandbox: Sandbox;
let trigger: Trigger;
afterEach(async () => {
	trigger.close();
	await sandbox.close();
});

/** Twenty2 sends an event when a call has ended. */
async function campaign(options: INodeParameters, lines: object): Promise<Outcome> {
	sandbox = await startSandbox({
		...{ ringMs: 1_000, talkMs: 2_000, requestsPerMinute: LIMIT },
		...lines,
	});
	trigger = await startTrigger({
		baseUrl: sandbox.url,
		parameters: { options },
		credentials: {
			twenty2Api: {
				...{ apiKey: 'sandbox-key', baseUrl: sandbox.url },
				...{ requestsPerMinute: LIMIT, concurrentCalls: 3 },
			},
		},
	});
	const answers: Record<number, number> = {};
	let mostRunning = 0;
	let told = 0;
	const tell = async () => {
		for (; told < PEOPLE; told++) {
			while ((sandbox.seen.calls[told]?.endedAt ?? Infinity) > Date.now()) {
				mostRunning = Math.max(mostRunning, trigger.running);
				await new Promise(setImmediate);
			}
			const event = sandbox.eventOf(sandbox.seen.calls[told]?.call_id ?? '');
			const { status } = await trigger.send(event, '?secret=s3cret');
			answers[status] = (answers[status] ?? 0) + 1;
		}
		await trigger.quiet();
	};
	const from = performance.now();
	const since = () => (performance.now() - from) / 1_000;
	const creating = engineFor(sandbox, { requestsPerMinute: LIMIT })
		.run({ items: leads(PEOPLE), node: createCallNode() })
		.then(() => since());
	const telling = tell().then(() => since());
	const { result } = await untilSettled(sandbox, Promise.all([creating, telling]));
	const [creates, events] = result;
	return { answers, started: trigger.started.length, mostRunning, seconds: { creates, events } };
}

it.each([
	// Sixty calls end at once, while the limit leaves no room to look at one.
	['that go on all at once', { refuseConcurrent: false }, { secret: 's3cret' }],
	['that go on all at once', { refuseConcurrent: false }, {}],
	['that go on three at a time', {}, { secret: 's3cret' }],
	['that go on three at a time', {}, {}],
])(
	'a campaign has each event of calls %s start the workflow (%j, %j)',
	async (_, lines, options) => {
		const { answers, started, mostRunning } = await campaign(options, lines);
		expect(answers).toEqual({ 200: PEOPLE });
		expect(started).toBe(PEOPLE);
		expect(mostRunning).toBeLessThanOrEqual(LIMIT);
		expect(sandbox.seen.mostInAnyWindow).toBeLessThanOrEqual(LIMIT);
	},
);

it('a campaign takes twice as long without a secret, for the looks at the calls, and no longer with one', async () => {
	const lines = { refuseConcurrent: false };
	const verified = await campaign({}, lines);
	expect(sandbox.seen.requests).toHaveLength(2 * PEOPLE);
	// The last of 300 requests go at the beginning of the sixth minute at the latest.
	expect(verified.seconds.events).toBeLessThanOrEqual(305);
	trigger.close();
	await sandbox.close();

	const { seconds } = await campaign({ secret: 's3cret' }, lines);
	expect(sandbox.seen.requests).toHaveLength(PEOPLE);
	// 60 at the beginning of each minute.
	expect(seconds.creates).toBeLessThanOrEqual(120 * 1.05);
	expect(seconds.events).toBeLessThanOrEqual(seconds.creates + 5);
});
