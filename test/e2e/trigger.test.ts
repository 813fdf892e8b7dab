import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { deliver, startSandbox, type Sandbox, type WebhookEvent } from '../../sandbox';
import { printFigure } from './figure';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { eventually } from './rest';
import { phone, workflow, type Parameters } from './workflow';

const triggerName = 'Twenty2 Trigger';
const placed = z.object({ call_id: z.string() });
const said = z.object({ message: z.string() });

let sandbox: Sandbox;

beforeEach(async () => {
	sandbox = await startSandbox({
		ringMs: 0,
		talkMs: 0,
		refuseConcurrent: false,
		requestsPerMinute: 100_000,
	});
	return () => sandbox.close();
});

/** Places a call that ends at once. @returns its event */
async function ended(n: number): Promise<WebhookEvent> {
	const response = await fetch(`${sandbox.url}/v1/calls`, {
		method: 'POST',
		headers: { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' },
		body: JSON.stringify({
			assistant_id: 'asst_demo',
			from_number: '+917971441943',
			to_number: phone(n),
			input_parameters: { row: n },
		}),
	});
	return sandbox.eventOf(placed.parse(await response.json()).call_id);
}

const endedCalls = async (count: number) =>
	await Promise.all(Array.from({ length: count }, async (_, n) => await ended(n)));

/** An event for a call that Twenty2 does not have. */
const invented = (event: WebhookEvent, n = 0): WebhookEvent => ({
	...event,
	event_id: `evt_invented_${n}`,
	call: { ...event.call, call_id: `call_invented_${n}` },
});

const credentialOn = async (n8n: N8n, requestsPerMinute: number) =>
	await n8n.createCredential('twenty2Api', 'Twenty2', {
		apiKey: 'sandbox-key',
		baseUrl: sandbox.url,
		requestsPerMinute,
		concurrentCalls: 3,
	});

let webhooks = 0;

/** Creates and activates a workflow that starts with the trigger. */
async function triggered(n8n: N8n, credential?: Credential, parameters: Parameters = {}) {
	const webhookId = `twenty2-${++webhooks}`;
	const trigger = {
		name: triggerName,
		type: 'n8n-nodes-twenty2.twenty2Trigger',
		typeVersion: 1,
		position: [0, 0],
		webhookId,
		parameters,
		credentials: credential && { twenty2Api: credential },
	};
	const next = {
		name: 'Next',
		type: 'n8n-nodes-base.noOp',
		typeVersion: 1,
		position: [200, 0],
		parameters: {},
	};
	const created = await n8n.createWorkflow(
		workflow(webhookId, [trigger, next], [[triggerName, 0, 'Next']]),
	);
	await n8n.activate(created);
	const send = async (body: unknown, query = '', timeoutMs?: number) =>
		await deliver(`${n8n.baseUrl}/webhook/${webhookId}/webhook${query}`, body, timeoutMs);
	await eventually('The webhook', 10, async () => (await send([])).status !== 404 || undefined);
	return {
		id: created.id,
		send,
		/** Waits for this many executions. @returns the trigger's output in each, oldest first */
		started: async (count: number) => {
			const executions = await eventually(`${count} executions`, 60, async () => {
				const all = await n8n.executions(created.id);
				return all.length >= count && all.every(({ status }) => status === 'success')
					? all.reverse()
					: undefined;
			});
			return await Promise.all(executions.map(async ({ id }) => await outputOf(n8n, id)));
		},
	};
}

async function outputOf(n8n: N8n, id: string) {
	const { data } = await n8n.execution(id);
	return (data.resultData.runData[triggerName]?.[0]?.data?.main?.[0] ?? []).map(({ json }) => json);
}

describe('The trigger in n8n', () => {
	let n8n: N8n;
	beforeAll(async () => {
		n8n = await startN8nWithNode();
	});
	afterAll(() => n8n?.stop());

	const logged = async (text: string) =>
		await eventually(`"${text}" in the log`, 120, async () => n8n.log.includes(text) || undefined);

	it('answers each delivery as it deserves, and starts the workflow for one', async () => {
		const { send, started } = await triggered(n8n, await credentialOn(n8n, 1_000), {
			events: ['call.completed'],
			options: { secret: 's3cret' },
		});
		const event = await ended(0);
		const answers = [
			await send(event),
			await send(event, '?secret=wrong'),
			await send({ ...event, event: 'call.started' }, '?secret=s3cret'),
			await send({ ...event, call: { status: 'completed' } }, '?secret=s3cret'),
			await send([], '?secret=s3cret'),
			await send({ ...event, event: 'call.failed' }, '?secret=s3cret'),
			await send(event, '?secret=s3cret'),
			await send(event, '?secret=s3cret'),
		];

		const notSuch = 'Not an event by Twenty2: ';
		expect(
			answers.map(({ status, body }) => [status, said.parse(JSON.parse(body)).message]),
		).toEqual([
			[401, 'The URL must end in ?secret= and the secret of this trigger'],
			[401, 'The URL must end in ?secret= and the secret of this trigger'],
			[400, `${notSuch}event must be call.completed or call.failed`],
			[400, `${notSuch}call.call_id is empty`],
			[400, `${notSuch}the body must be a JSON object`],
			[200, 'This workflow does not ask for it'],
			[200, 'Received'],
			[200, 'It came before'],
		]);
		// n8n itself refuses invalid JSON.
		expect((await send('{', '?secret=s3cret')).status).toBe(422);
		expect(await started(1)).toEqual([[expect.objectContaining({ event_id: event.event_id })]]);
	});

	it('starts it with the names that Get Call has, or with what Twenty2 sent', async () => {
		sandbox.behave(phone(1), 'unanswered');
		const event = await ended(1);
		const simple = await triggered(n8n);
		const raw = await triggered(n8n, undefined, { simplify: false });
		await simple.send(event);
		await raw.send(event);

		const { call_id, ...call } = event.call;
		expect(await simple.started(1)).toEqual([
			[
				{
					event: 'call.failed',
					event_id: event.event_id,
					call_id,
					status: 'failed',
					direction: 'outbound',
					assistant_id: 'asst_demo',
					from_number: '7971441943',
					to_number: phone(1).slice(3),
					duration_seconds: 0,
					cost: '0.00 INR',
					started_at: call.started_at,
					ended_at: call.ended_at,
					input_parameters: { row: 1 },
					output_parameters: {},
					disconnection_reason: 'unanswered',
					contact: event.contact,
					campaign: event.campaign,
				},
			],
		]);
		expect(await raw.started(1)).toEqual([[event]]);
	});

	it('starts nothing for an event that Twenty2 does not confirm', async () => {
		const { send, started } = await triggered(n8n, await credentialOn(n8n, 1_000));
		sandbox.behave(phone(2), 'unanswered');
		const failed = await ended(2);
		const forged = [
			invented(failed, 1),
			{ ...failed, event: 'call.completed', event_id: 'evt_forged_2' },
			{
				...failed,
				event: 'call.completed',
				event_id: 'evt_forged_3',
				call: { ...failed.call, status: 'completed' },
			},
		];
		for (const event of [...forged, failed]) expect((await send(event)).status).toBe(200);

		expect(await started(1)).toEqual([[expect.objectContaining({ event_id: failed.event_id })]]);
		for (const { event_id } of forged) await logged(`Twenty2 event ${event_id} started nothing`);
	});

	it('starts nothing for a repeat, also after a restart of n8n', async () => {
		const { send, started } = await triggered(n8n, await credentialOn(n8n, 1_000));
		const [first, second] = await endedCalls(2);
		const answers = await Promise.all([send(first), send(first), send(first)]);
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		await started(1);

		await n8n.restart();
		await eventually('The webhook', 10, async () => (await send([])).status === 400 || undefined);
		expect(said.parse(JSON.parse((await send(first)).body)).message).toBe('It came before');
		await send(second);
		expect(await started(2)).toEqual(
			[first, second].map((event) => [expect.objectContaining({ event_id: event?.event_id })]),
		);
	});

	it('shows what is wrong with its fields, and does not take the event up', async () => {
		const event = await ended(3);
		const { id, send } = await triggered(n8n, undefined, { options: { verify: true } });
		expect((await send(event)).status).toBe(500);
		const { status, data } = await n8n.waitForExecution(id);
		expect(status).toBe('error');
		expect(data.resultData.error).toMatchObject({
			message: 'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
			description: 'Choose a Twenty2 credential, or switch Verify off',
		});
	});

	it('answers at once whatever the limit, and starts as it allows', async () => {
		const { send, started } = await triggered(n8n, await credentialOn(n8n, 3));
		const events = await endedCalls(5);
		const answers = await Promise.all(events.map(async (event) => await send(event)));
		const from = performance.now();
		expect(answers.map(({ status }) => status)).toEqual(events.map(() => 200));
		expect(await started(3)).toHaveLength(3);

		// This credential allows 3 requests a minute.
		await delay(55_000 - (performance.now() - from));
		expect(await started(3)).toHaveLength(3);
		expect(await started(5)).toHaveLength(5);
	});
});

// n8n 2.41's default expression engine creates an isolate for every delivery to a community node and
// for every execution, before the node runs. Each takes 50 ms and 11 MB.
describe('The trigger in a rush', () => {
	let n8n: N8n;
	beforeAll(async () => {
		n8n = await startN8nWithNode({ env: { N8N_EXPRESSION_ENGINE: 'legacy' } });
	});
	afterAll(() => n8n?.stop());

	it('answers 1,000 deliveries in 10 seconds and starts the workflow for 750 of them', async () => {
		const credential = await credentialOn(n8n, 100_000);
		const { id, send } = await triggered(n8n, credential, { options: { secret: 's3cret' } });
		const events = await endedCalls(750);
		const inventions = events.slice(0, 100).map(invented);
		const deliveries = [
			...[...events, ...events.slice(0, 100), ...inventions].map((event) => ({
				event,
				query: '?secret=s3cret',
				status: 200,
			})),
			...events.slice(0, 50).map((event) => ({ event, query: '?secret=wrong', status: 401 })),
		];
		// 613 and 1,000 have no common factor, so each delivery occurs once and all sorts are mixed.
		const mixed = deliveries.map((_, n) => deliveries[(n * 613) % deliveries.length]);

		// n8n answers 503 when too many deliveries wait. On a slow machine they are therefore sent later.
		const unanswered = pLimit(50);
		const answered = await Promise.all(
			mixed.map(async (delivery, n) => {
				if (!delivery) throw new Error('There are fewer deliveries');
				await delay(n * 10);
				const { status, ms } = await unanswered(
					async () => await send(delivery.event, delivery.query, 60_000),
				);
				return { status, as: delivery.status, ms };
			}),
		);
		const what = 'The slowest of 1,000 answers, 100 asked for in a second';
		const slowest = Math.max(...answered.map(({ ms }) => ms));
		printFigure({ what, value: slowest, unit: 'ms', limit: 5_000 });
		expect(answered.filter(({ status, as }) => status !== as)).toEqual([]);

		const newest = async () => Number((await n8n.executions(id))[0]?.id ?? 0);
		await eventually('750 executions', 150, async () => (await newest()) >= 750 || undefined);
		// An execution too many would have the next number.
		await send(await ended(750), '?secret=s3cret');
		const last = await eventually('One more', 120, async () => {
			const number = await newest();
			const [output] = number > 750 ? await outputOf(n8n, String(number)) : [];
			return output?.to_number === phone(750).slice(3) ? number : undefined;
		});
		expect(last).toBe(751);
		const eventIds: unknown[] = [];
		for (let number = 1; number <= 750; number++) {
			eventIds.push(...(await outputOf(n8n, String(number))).map(({ event_id }) => event_id));
		}
		expect(eventIds.sort()).toEqual(events.map(({ event_id }) => event_id).sort());
	}, 400_000);
});
