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
import type { Credential, N8n } from '../e2e/n8n';
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
	look: Look;
}

/** How long a Get Call took, in ms. */
interface Look {
	ms: number;
	inNode: number;
}

/**
 * Floods n8n, and gets a call in the middle of it. n8n has its default settings. It creates an isolate for
 * every delivery before the node is asked, which takes more CPU time than two cores have in 10 seconds. So
 * the sender waits for answers when 50 are missing.
 */
async function flood(
	n8n: N8n,
	send: (body: unknown) => Promise<Delivered>,
	getCall: () => Promise<Look>,
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
	const [answers, look] = await Promise.all([Promise.all(answering), delay(5_000).then(getCall)]);
	// What has been started may still grow.
	await delay(10_000);
	clearInterval(watch);
	return { answers, look, grown: most - before };
}

/** A workflow that gets a call, and how long it takes: in all, and in the node, in ms. */
async function getCallOn(n8n: N8n, credential: Credential): Promise<() => Promise<Look>> {
	const path = 'look';
	const parameters = { httpMethod: 'POST', path, responseMode: 'lastNode' };
	const callId = '={{ $json.body.call_id }}';
	const looks = await n8n.createWorkflow(
		workflow(
			path,
			[{ ...webhook(path), parameters }, createCall(credential, { operation: 'getCall', callId })],
			[['Webhook', 0, 'Twenty2']],
		),
	);
	await n8n.activate(looks);
	return async () => {
		const since = performance.now();
		const { call_id } = deliveries[0]?.call ?? {};
		const { status } = await n8n.callWebhook(path, { call_id });
		const ms = performance.now() - since;
		expect(status).toBe(200);
		const { data } = await n8n.waitForExecution(looks.id);
		const [ran] = data.resultData.runData.Twenty2 ?? [];
		return { ms, inNode: ran?.executionTime ?? NaN };
	};
}

/** What the same costs n8n with its own Webhook node. */
async function floodOfWebhookNode(): Promise<Flood> {
	const n8n = await startN8nWithNode();
	try {
		const path = 'own';
		await n8n.activate(await n8n.createWorkflow(workflow(path, [webhook(path)], [])));
		await n8n.callWebhook(path, {});
		const getCall = await getCallOn(n8n, await credentialOn(n8n, sandbox, 60));
		const url = `${n8n.baseUrl}/webhook/${path}`;
		const send = async (body: unknown) => await deliver(url, body, 60_000);
		return await flood(n8n, send, getCall);
	} finally {
		await n8n.stop();
	}
}

it('A burst of 1,000 deliveries, 600 of them invented, is kept within bounds', async () => {
	const own = await floodOfWebhookNode();
	const n8n = await startN8nWithNode();
	try {
		const credential = await credentialOn(n8n, sandbox, 60);
		const { send, started } = await triggered(n8n, { credential });
		const getCall = await getCallOn(n8n, credential);
		const { answers, grown, look } = await flood(n8n, send, getCall);

		const of = (wanted: number) => answers.filter(({ status }) => status === wanted);
		const longest = Math.max(...answers.map(({ ms }) => ms));
		const figure = (what: string, value: number, unit = '', limit?: number) =>
			printFigure({ what, value, unit, limit });
		for (const status of [200, 503]) figure(`Answered ${status}`, of(status).length);
		figure('The longest answer', longest, 'ms');
		figure('A Get Call meanwhile, in the node', look.inNode, 'ms', 5_000);
		// While a flood takes more CPU time than there is, n8n begins executions late, whatever they do.
		figure('A Get Call in all', look.ms, 'ms', 120_000);
		figure('In all with the Webhook node', own.look.ms, 'ms');
		figure('With the Webhook node, n8n grew by', own.grown, 'MB');
		figure('n8n grew by', grown, 'MB');
		// On a quiet machine at most 1.5. A busy one keeps isolates longer. Without a bound it is over 10.
		figure('times what the Webhook node costs', grown / own.grown, '', 2);

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
