/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import * as z from 'zod/v4';

import { jsonOf } from './execution';
import type { N8n } from './n8n';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import { credentialOn, ended, endedCalls, invented, triggered } from './triggered';
import { phone, webhook, workflow } from './workflow';

const said = z.object({ message: z.string() });

const it = inN8n({
	twenty2: { ringMs: 0, talkMs: 0, refuseConcurrent: false, requestsPerMinute: 100_000 },
	limits: { requestsPerMinute: 1_000, concurrentCalls: 3 },
});

// Most of it is waiting, so they run beside each other.
describe.concurrent('The trigger in n8n', () => {
	const logged = async (n8n: N8n, text: string) =>
		await eventually(`"${text}" in the log`, 120, async () => n8n.log.includes(text) || undefined);

	it('The trigger answers each delivery as it deserves, and starts the workflow for one', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const { send, started } = await triggered(n8n, {
			credential,
			parameters: { events: ['call.completed'], options: { secret: 's3cret' } },
		});
		const event = await ended(sandbox, 0);
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

	it('The trigger starts the workflow with the names that Get Call has, or with what Twenty2 sent', async ({
		n8n,
		sandbox,
	}) => {
		sandbox.behave(phone(1), 'unanswered');
		const event = await ended(sandbox, 1);
		const simple = await triggered(n8n);
		const raw = await triggered(n8n, { parameters: { simplify: false } });
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
					to_number: phone(1),
					from_number: '+917971441943',
					assistant_id: 'asst_demo',
					duration_seconds: 0,
					cost: '0.00 INR',
					ended_at: call.ended_at,
					output_parameters: {},
					disconnection_reason: 'unanswered',
					contact: event.contact,
					campaign: event.campaign,
				},
			],
		]);
		expect(await raw.started(1)).toEqual([[event]]);
	});

	it('The trigger starts nothing for an event that Twenty2 does not confirm, and says why', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const { id, send, started } = await triggered(n8n, { credential });
		sandbox.behave(phone(2), 'unanswered');
		const failed = await ended(sandbox, 2);
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

		expect((await started(4)).flat()).toEqual([
			expect.objectContaining({ event_id: failed.event_id }),
		]);
		const executions = await Promise.all(
			(await n8n.executions(id)).map(async (execution) => await n8n.execution(execution.id)),
		);
		const hints = executions.flatMap(
			({ data }) => data.resultData.runData['Twenty2 Trigger']?.[0]?.hints ?? [],
		);
		for (const { event_id } of forged) {
			await logged(n8n, `Twenty2 event ${event_id} started nothing`);
			const says = `Twenty2 does not confirm the event ${event_id}: `;
			expect(hints).toContainEqual(
				expect.objectContaining({ message: expect.stringContaining(says) }),
			);
		}
	});

	it('The trigger shows what is wrong with its fields, and does not take the event up', async ({
		n8n,
		sandbox,
	}) => {
		const event = await ended(sandbox, 3);
		const { id, send } = await triggered(n8n, { parameters: { options: { verify: true } } });
		expect((await send(event)).status).toBe(500);
		const { status, data } = await n8n.waitForExecution(id);
		expect(status).toBe('error');
		expect(data.resultData.error).toMatchObject({
			message: 'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
			description: 'Choose a Twenty2 credential, or switch Verify off',
		});
	});

	it('The trigger shows an event that could not be checked as a failed execution, once, and asks again on a retry', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const event = await ended(sandbox, 4);
		const { id, send } = await triggered(n8n, { credential });
		const refused = {
			success: false,
			error: { code: 'FORBIDDEN', message: 'No access', status: 403 },
		};
		sandbox.behaveReads('*', { kind: 'answer', status: 403, body: refused });
		expect((await send(event)).status).toBe(200);
		const failed = await n8n.waitForExecution(id);
		expect(failed.status).toBe('error');
		expect(failed.data.resultData.error).toMatchObject({
			message: `The event ${event.event_id} of the call ${event.call.call_id} could not be checked with Twenty2: No access`,
			description: 'Ask the owner of the Twenty2 account to give this key access',
			code: 'FORBIDDEN',
		});
		expect(said.parse(JSON.parse((await send(event)).body)).message).toBe('It came before');
		await delay(1_000);
		expect(await n8n.executions(id)).toHaveLength(1);

		sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
		const retried = await n8n.retryExecution(failed.id);
		expect(retried.status).toBe('success');
		expect(jsonOf(retried, 'Next')).toEqual([
			expect.objectContaining({ event_id: event.event_id }),
		]);
	});

	it('The trigger reads JSON whatever its content type says, and each end of a call once', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const { url, started } = await triggered(n8n, { credential });
		const types = ['application/cloudevents+json', 'text/json', 'text/plain', undefined];
		const events = await endedCalls(sandbox, types.length);
		const post = async (event: object, type: string | undefined) =>
			await fetch(url(), {
				method: 'POST',
				// A body of bytes has no type of its own.
				body: Buffer.from(JSON.stringify(event)),
				headers: type === undefined ? {} : { 'content-type': type },
			});
		for (const [n, type] of types.entries()) {
			expect((await post({ ...events[n], event_id: n }, type)).status).toBe(200);
		}
		const outputs = (await started(types.length)).flat();
		expect(outputs.map(({ event_id }) => event_id).sort()).toEqual(['0', '1', '2', '3']);

		for (const n of types.keys()) {
			const again = await post({ ...events[n], event_id: `again_${n}` }, 'text/json');
			expect(said.parse(await again.json()).message).toBe('It came before');
		}
	});

	it('The trigger leaves the static data that other nodes write alone', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const path = 'writes-static-data';
		const write = {
			name: 'Write',
			type: 'n8n-nodes-base.code',
			typeVersion: 2,
			position: [200, 200],
			parameters: {
				jsCode:
					"const data = $getWorkflowStaticData('global'); data.count = (data.count ?? 0) + 1; return [{ json: { count: data.count } }];",
			},
		};
		const { parameters, ...webhookNode } = webhook(path);
		const answering = {
			...webhookNode,
			parameters: { ...Object(parameters), responseMode: 'lastNode' },
		};
		const { send, started } = await triggered(n8n, {
			credential,
			beside: workflow('beside', [answering, write], [['Webhook', 0, 'Write']]),
		});
		const count = async () => (await n8n.callWebhook(path)).body;
		expect(await count()).toEqual({ count: 1 });

		const event = await ended(sandbox, 5);
		sandbox.behaveReads('*', { kind: 'slow', ms: 2_500 });
		expect((await send(event)).status).toBe(200);
		expect(await count()).toEqual({ count: 2 });
		await started(1);
		expect(await count()).toEqual({ count: 3 });
	});

	it('The trigger answers in time whatever the limit, and starts as it allows', async ({
		n8n,
		sandbox,
	}) => {
		const credential = await credentialOn(n8n, sandbox, 3);
		const { send, started } = await triggered(n8n, { credential });
		const events = await endedCalls(sandbox, 5);
		const answers = await Promise.all(events.map(async (event) => await send(event)));
		expect(answers.map(({ status }) => status)).toEqual(events.map(() => 200));
		expect(answers.filter(({ ms }) => ms > 5_000)).toEqual([]);
		// This credential allows 3 requests a minute.
		const outputs = (await started(5, 120)).flat();
		expect(outputs.map(({ event_id }) => event_id).sort()).toEqual(
			events.map(({ event_id }) => event_id).sort(),
		);
		expect(sandbox.seen.mostInAnyWindow).toBeLessThanOrEqual(5 + 3);
	});
});

it('The trigger starts nothing for a repeat, also after a restart of n8n', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const { send, started } = await triggered(n8n, { credential });
	const [first, second] = await endedCalls(sandbox, 2);
	const answers = await Promise.all([send(first), send(first), send(first)]);
	expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
	await started(1);

	await n8n.restart();
	await eventually('The webhook', 60, async () => (await send([])).status === 400 || undefined);
	await send(first);
	await send(second);
	// The execution of the repeat ends at the trigger.
	expect(await started(3)).toEqual([
		[expect.objectContaining({ event_id: first?.event_id })],
		[],
		[expect.objectContaining({ event_id: second?.event_id })],
	]);
	expect(said.parse(JSON.parse((await send(first)).body)).message).toBe('It came before');
});
