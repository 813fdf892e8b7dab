/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, it } from 'vitest';

import {
	deliver,
	startSandbox,
	type Delivered,
	type Sandbox,
	type WebhookEvent,
} from '../../sandbox';
import { printFigure } from '../e2e/figure';
import type { N8n } from '../e2e/n8n';
import { startN8nWithNode } from '../e2e/n8nWithNode';
import { credentialOn, endedCalls, invented, triggered } from '../e2e/triggered';
import { createCall, webhook, workflow } from '../e2e/workflow';

let sandbox: Sandbox;
let deliveries: WebhookEvent[];
let trueIds: Set<string>;

beforeAll(async () => {
	sandbox = await startSandbox({
		ringMs: 0,
		talkMs: 0,
		refuseConcurrent: false,
		requestsPerMinute: 100_000,
	});
	const events = await endedCalls(sandbox, 400);
	trueIds = new Set(events.map(({ event_id }) => event_id));
	// Two true events, and three that are invented.
	deliveries = events.flatMap((event, n) =>
		n % 2 === 0
			? [event, invented(event, n)]
			: [invented(event, n), event, invented(event, 1_000 + n)],
	);
});
afterAll(async () => await sandbox?.close());

interface Flood {
	answers: Array<Delivered & { eventId: string }>;
	/** By how much n8n grew at most, in MB. */
	grown: number;
}

/**
 * Floods n8n, and calls back in the middle of it. n8n has its default settings. It creates an isolate for
 * every delivery before the node is asked, which takes more CPU time than two cores have in 10 seconds. So
 * the sender waits for answers when 50 are missing.
 */
async function flood(
	n8n: N8n,
	send: (body: unknown) => Promise<Delivered>,
	meanwhile: () => Promise<void> = async () => undefined,
): Promise<Flood> {
	for (let n = 0; n < 20; n++) await send([]);
	const before = await n8n.memory();
	let most = before;
	const watch = setInterval(() => {
		void n8n.memory().then((memory) => (most = Math.max(most, memory)));
	}, 100);
	const unanswered = pLimit(50);
	const answering = deliveries.map(async (event, n) => {
		await delay(n * 10);
		const answer = await unanswered(async () => await send(event));
		return { ...answer, eventId: event.event_id };
	});
	const [answers] = await Promise.all([Promise.all(answering), delay(5_000).then(meanwhile)]);
	// What has been started may still grow.
	await delay(10_000);
	clearInterval(watch);
	return { answers, grown: most - before };
}

/** What the same costs n8n with its own Webhook node. */
async function floodOfWebhookNode(): Promise<number> {
	const n8n = await startN8nWithNode();
	try {
		const path = 'own';
		await n8n.activate(await n8n.createWorkflow(workflow(path, [webhook(path)], [])));
		await n8n.callWebhook(path, {});
		const url = `${n8n.baseUrl}/webhook/${path}`;
		const { grown } = await flood(n8n, async (body) => await deliver(url, body, 60_000));
		return grown;
	} finally {
		await n8n.stop();
	}
}

it('A burst of 1,000 deliveries, 600 of them invented, is kept within bounds', async () => {
	const own = await floodOfWebhookNode();
	printFigure({ what: 'With its own Webhook node, n8n grew by', value: own, unit: 'MB' });

	const n8n = await startN8nWithNode();
	try {
		const credential = await credentialOn(n8n, sandbox, 60);
		const { send, started } = await triggered(n8n, { credential });
		const lookUp = {
			...webhook('look'),
			parameters: { httpMethod: 'POST', path: 'look', responseMode: 'lastNode' },
		};
		const getCall = createCall(credential, {
			operation: 'getCall',
			callId: '={{ $json.body.call_id }}',
		});
		const looks = await n8n.createWorkflow(
			workflow('look', [lookUp, getCall], [['Webhook', 0, 'Twenty2']]),
		);
		await n8n.activate(looks);
		const { call_id } = deliveries[0]?.call ?? {};

		let lookMs = NaN;
		const { answers, grown } = await flood(n8n, send, async () => {
			const since = performance.now();
			const { status } = await n8n.callWebhook('look', { call_id });
			expect(status).toBe(200);
			lookMs = performance.now() - since;
		});
		const of = (wanted: number) => answers.filter(({ status }) => status === wanted);
		for (const status of [200, 503]) {
			printFigure({ what: `Answered ${status}`, value: of(status).length, unit: '' });
		}
		const longest = Math.max(...answers.map(({ ms }) => ms));
		printFigure({ what: 'The longest answer', value: longest, unit: 'ms' });
		printFigure({ what: 'A Get Call meanwhile', value: lookMs, unit: 'ms', limit: 5_000 });
		printFigure({ what: 'n8n grew by', value: grown, unit: 'MB', limit: 1.5 * own });

		expect(answers.filter(({ status }) => ![200, 503].includes(status))).toEqual([]);
		// Each that was taken up has an execution, and only those go on whose call has ended so.
		const outputs = await started(of(200).length, 1_200);
		const startedIds = outputs.flatMap((items) => items.map(({ event_id }) => String(event_id)));
		const takenIds = of(200).map(({ eventId }) => eventId);
		expect(startedIds.sort()).toEqual(takenIds.filter((id) => trueIds.has(id)).sort());
		expect(startedIds.length).toBeGreaterThan(0);
	} finally {
		await n8n.stop();
	}
});
