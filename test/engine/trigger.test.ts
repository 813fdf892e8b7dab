import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { placeEnded, type Placing } from './endedCall';
import { logger, onN8n1 } from './n8nCore';
import { startTrigger as startTriggerFor, type Given, type Trigger } from './startTrigger';
import { phone } from './twenty2';

const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };

let sandbox: Sandbox;
const closing: Array<() => void> = [];

const startTrigger = async (given: Omit<Given, 'baseUrl'> = {}): Promise<Trigger> => {
	const trigger = await startTriggerFor({ baseUrl: sandbox.url, ...given });
	closing.push(() => trigger.close());
	return trigger;
};

const place = async (placing?: Placing) => await placeEnded(sandbox, placing);

const reads = () => sandbox.seen.requests.filter(({ method }) => method === 'GET').length;

const warnings = () => {
	const warn = vi.spyOn(logger, 'warn').mockClear();
	return () => warn.mock.calls.map(([message]) => message);
};

beforeEach(async () => {
	sandbox = await startSandbox({
		ringMs: 0,
		talkMs: 0,
		refuseConcurrent: false,
		requestsPerMinute: 10_000,
	});
});
afterEach(async () => {
	for (const close of closing.splice(0)) close();
	await sandbox.close();
});

it('a delivery starts the workflow with the call, under the names that Get Call has', async () => {
	const { send, started, quiet } = await startTrigger();
	const event = await place({ input: { customerName: 'Asha' } });
	expect(await send(event)).toEqual({ status: 200, message: 'Received' });
	await quiet();

	expect(started).toEqual([
		{
			json: {
				event: 'call.completed',
				event_id: event.event_id,
				call_id: event.call.call_id,
				status: 'completed',
				to_number: phone(0),
				from_number: '+917971441943',
				assistant_id: 'asst_demo',
				duration_seconds: 0,
				cost: '0.00 INR',
				ended_at: event.call.ended_at,
				output_parameters: { answered: true },
				recording_url: expect.stringContaining(event.call.call_id),
				disconnection_reason: null,
				contact: event.contact,
				campaign: event.campaign,
			},
		},
	]);
});

it('a delivery starts the workflow with what Twenty2 sent, untouched, when Simplify is off', async () => {
	const { send, started, quiet } = await startTrigger({ parameters: { simplify: false } });
	const event = {
		...(await place({ failed: true })),
		added_tomorrow: [1, { constructor: null }],
	};
	await send(event);
	await quiet();
	expect(started).toEqual([{ json: event }]);
});

it.each([
	['', { status: 401 }],
	['?secret=wrong', { status: 401 }],
	['?secret=s3cret&secret=s3cret', { status: 401 }],
	['?secret=s3cret', { status: 200 }],
])('a delivery needs the secret in its URL where there is one (%s)', async (query, answer) => {
	const parameters = { options: { secret: 's3cret' } };
	const { send, started, quiet } = await startTrigger({ parameters });
	expect(await send(await place(), query)).toMatchObject(answer);
	await quiet();
	expect(started).toHaveLength(answer.status === 200 ? 1 : 0);
});

it.each([
	['no object', [], 'the body must be a JSON object'],
	['another event', { event: 'call.started' }, 'event must be call.completed or call.failed'],
	['no event_id', { event_id: undefined }, 'event_id must be text of up to 200 visible'],
	[
		'a call_id that leads elsewhere',
		{ call: { call_id: '../x' } },
		'call.call_id must not contain',
	],
])('a delivery with %s is told what is wrong', async (_, changes, wrong) => {
	const { send, started, quiet } = await startTrigger();
	const answer = await send(Array.isArray(changes) ? changes : { ...(await place()), ...changes });
	expect(answer).toEqual({
		status: 400,
		message: expect.stringMatching(/^Not an event by Twenty2: /),
	});
	expect(answer.message).toContain(wrong);
	await quiet();
	expect(started).toEqual([]);
});

it.each([
	['an event that was not chosen', { events: ['call.failed'] }],
	['a call by another assistant', { assistantIds: 'asst_a, asst_b' }],
	['a call by another assistant than a list has', { assistantIds: '={{ ["asst_a"] }}' }],
])('a delivery of %s is answered and starts nothing', async (_, parameters) => {
	const { send, started, quiet } = await startTrigger({ parameters });
	expect(await send(await place())).toMatchObject({ status: 200 });
	await quiet();
	expect(started).toEqual([]);
	expect(reads()).toBe(0);
});

it.each([
	['text', 'asst_a, asst_demo'],
	['an expression that gives text', '={{ "asst_demo" }}'],
	['an expression that gives a list', '={{ ["asst_a", "asst_demo"] }}'],
	['an empty field', ' '],
])('a delivery of a chosen assistant starts the workflow (%s)', async (_, assistantIds) => {
	const { send, started, quiet } = await startTrigger({ parameters: { assistantIds } });
	await send(await place());
	await quiet();
	expect(started).toHaveLength(1);
});

it.each([
	['Events', { events: [] }],
	['Events', { events: '={{ ["call.started"] }}' }],
	['Assistant IDs', { assistantIds: '={{ undefined }}' }],
	['Assistant IDs', { assistantIds: '={{ $nothing.here }}' }],
	['Assistant IDs', { assistantIds: '={{ "" }}' }],
	['Assistant IDs', { assistantIds: '={{ [] }}' }],
	['Assistant IDs', { assistantIds: '= , ' }],
	['Simplify', { simplify: '={{ "yes" }}' }],
	['Secret', { options: { secret: '' } }],
	['Secret', { options: { secret: '={{ undefined }}' } }],
	['Verify', { options: { verify: '={{ 1 }}' } }],
])(
	'a delivery is not taken up while a field cannot be used (%s: %j)',
	async (field, parameters) => {
		const { send, started } = await startTrigger({ parameters });
		expect(await send(await place())).toEqual({
			status: 500,
			message: expect.stringContaining(field),
		});
		expect(started).toEqual([]);
	},
);

// n8n 1 gives an expression of a trigger nothing of the request.
it.skipIf(onN8n1)('a delivery is taken up once the field is right again', async () => {
	const event = await place();
	const { send, started, quiet } = await startTrigger({
		parameters: { events: '={{ $json.body.chosen }}' },
	});
	expect(await send(event)).toMatchObject({ status: 500 });
	expect(await send({ ...event, chosen: ['call.completed'] })).toMatchObject({ status: 200 });
	await quiet();
	expect(started).toHaveLength(1);
});

it('a repeated delivery is answered and starts nothing, also when both come together', async () => {
	const { send, started, quiet } = await startTrigger();
	const event = await place();
	const answers = await Promise.all([send(event), send(event), send(event)]);
	await quiet();
	answers.push(await send(event));
	await quiet();
	expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
	expect(started).toHaveLength(1);
});

it('a repeated delivery starts nothing after a restart either', async () => {
	const { send, started, quiet, restart } = await startTrigger();
	const events = [await place({ n: 1 }), await place({ n: 2 }), await place({ n: 3 })];
	await Promise.all(events.slice(0, 2).map(async (event) => await send(event)));
	await quiet();
	await restart();
	for (const event of events) await send(event);
	await quiet();
	expect(started).toHaveLength(3);
});

it('a repeated delivery starts the workflow of another node', async () => {
	const triggers = [await startTrigger(), await startTrigger()];
	const event = await place();
	for (const { send, quiet } of triggers) {
		await send(event);
		await quiet();
	}
	expect(triggers.map(({ started }) => started.length)).toEqual([1, 1]);
});

it('a repeated delivery starts the workflow each time that somebody listens for a test event', async () => {
	const { send, started, quiet } = await startTrigger({ mode: 'manual' });
	const event = await place();
	for (let n = 0; n < 2; n++) {
		await send(event);
		await quiet();
	}
	expect(started).toHaveLength(2);
});

it('a repeated delivery tells somebody who listens for a test event why it was turned away', async () => {
	const parameters = { events: ['call.completed'], options: { secret: 's3cret' } };
	const { send, started, failed } = await startTrigger({ mode: 'manual', parameters });
	const event = await place();
	const statuses = [
		await send(event),
		await send({ ...event, event: 'call.started' }, '?secret=s3cret'),
		await send({ ...event, event: 'call.failed' }, '?secret=s3cret'),
	].map(({ status }) => status);

	expect(statuses).toEqual([500, 500, 500]);
	const came = 'An event came and was turned away.';
	expect(failed).toEqual([
		`${came} The URL must end in ?secret= and the secret of this trigger`,
		`${came} Not an event by Twenty2: event must be call.completed or call.failed`,
		`${came} This workflow does not ask for it: it is call.failed by the assistant asst_demo, see Events and Assistant IDs`,
	]);
	expect(started).toEqual([]);
});

it('a repeated delivery starts nothing when its call has a verified event already, whatever its event_id says', async () => {
	const { send, started, executions, quiet } = await startTrigger();
	const event = await place();
	// Together, and one by one.
	const numbered = Array.from({ length: 20 }, (_, n) => ({ ...event, event_id: `evt_${n}` }));
	await Promise.all(numbered.slice(0, 10).map(async (sent) => await send(sent)));
	await quiet();
	expect(started).toHaveLength(1);
	const looks = reads();
	for (const sent of numbered.slice(10)) {
		expect(await send(sent)).toEqual({ status: 200, message: 'It came before' });
	}
	await quiet();
	expect(started).toHaveLength(1);
	expect(executions.length).toBeLessThanOrEqual(10);
	expect(reads()).toBe(looks);
});

it('a repeated delivery starts nothing after a restart when its call has a verified event already', async () => {
	const { send, started, quiet, restart } = await startTrigger();
	const event = await place();
	await send(event);
	await quiet();
	await restart();
	await send({ ...event, event_id: 'evt_another' });
	await quiet();
	expect(started).toHaveLength(1);
});

it('a delivery of another call is no repetition, also when an invented one has had its event_id', async () => {
	const { send, started, quiet } = await startTrigger({ credentials: {} });
	const [first, second] = [await place({ n: 1 }), await place({ n: 2 })];
	await send({ ...second, event_id: first.event_id });
	await send(first);
	await quiet();
	expect(started).toHaveLength(2);
});

const post = async (trigger: Trigger, body: string | Uint8Array, contentType?: string) => {
	// A body of bytes has no type of its own.
	const bytes = typeof body === 'string' ? Buffer.from(body) : body;
	const headers: Record<string, string> = contentType ? { 'content-type': contentType } : {};
	const response = await fetch(trigger.url, { method: 'POST', body: bytes, headers });
	const { message } = z.object({ message: z.string() }).parse(await response.json());
	return { status: response.status, message };
};

it.each([
	'application/cloudevents+json',
	'application/cloudevents+json; charset=utf-8',
	'application/vnd.twenty2.event+json',
	'text/json',
	'text/plain',
	'application/octet-stream',
	'application/x-www-form-urlencoded',
	'application/json ; charset=utf-8',
	'application/cloudevents+json; charset=nobody-knows-it',
	undefined,
])('JSON under another content type is read (%s)', async (contentType) => {
	const trigger = await startTrigger({ parameters: { simplify: false } });
	const event = await place({ input: { name: 'Asha' } });
	const answer = await post(trigger, JSON.stringify(event), contentType);
	expect(answer).toEqual({ status: 200, message: 'Received' });
	await trigger.quiet();
	expect(trigger.started).toEqual([{ json: event }]);
});

it('JSON under another content type is read in the encoding that it has', async () => {
	const trigger = await startTrigger({ parameters: { simplify: false } });
	const event = await place({ input: { name: 'José' } });
	const latin1 = Buffer.from(JSON.stringify(event), 'latin1');
	await post(trigger, latin1, 'text/json; charset=ISO-8859-1');
	await trigger.quiet();
	expect(trigger.started).toEqual([{ json: event }]);
});

it.each(['', 'an event', '[1', '"text"', '[]', '\u0000'])(
	'a body that is no JSON is turned away (%j)',
	async (body) => {
		const trigger = await startTrigger();
		for (const contentType of ['application/cloudevents+json', 'text/plain', undefined]) {
			const { status, message } = await post(trigger, body, contentType);
			expect(status).toBe(400);
			expect(message).toMatch(/^Not an event by Twenty2: /);
		}
	},
);

it.each([7, 0, 2 ** 60])('an event may have a number as event_id (%d)', async (event_id) => {
	const trigger = await startTrigger();
	const event = { ...(await place()), event_id };
	for (let n = 0; n < 2; n++) expect(await trigger.send(event)).toMatchObject({ status: 200 });
	await trigger.quiet();
	const json = expect.objectContaining({ event_id: String(event_id) });
	expect(trigger.started).toEqual([{ json }]);
});

describe.each(['apiKey', 'workspace'])('Verification (%s)', (authentication) => {
	it.each([false, true])(
		'Verification lets a true event start the workflow (failed: %s)',
		async (failed) => {
			const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
			await send(await place({ authentication, failed }));
			await quiet();
			expect(started).toHaveLength(1);
			expect(reads()).toBe(1);
		},
	);

	it.each([
		['a failed call that completed', false, { status: 'failed' }, { event: 'call.failed' }],
		['a completed call that failed', true, { status: 'completed' }, { event: 'call.completed' }],
		['an end that its event denies', true, {}, { event: 'call.completed' }],
	])(
		'Verification keeps %s from starting the workflow, and the execution says why',
		async (_, failed, call, changes) => {
			const trigger = await startTrigger({ parameters: { authentication } });
			const { send, started, executions, quiet } = trigger;
			const warned = warnings();
			const event = await place({ authentication, failed });
			const forged = { ...event, ...changes, call: { ...event.call, ...call } };
			expect(await send(forged)).toMatchObject({ status: 200 });
			await quiet();
			expect(started).toEqual([]);
			expect(warned()).toEqual([expect.stringContaining(event.event_id)]);
			const says = `Twenty2 says ${failed ? 'failed' : 'completed'}`;
			const hints = [expect.stringMatching(`^Twenty2 does not confirm the event .*${says}$`)];
			expect(executions).toMatchObject([{ error: undefined, hints }]);

			await send(event);
			await quiet();
			expect(started).toHaveLength(1);
		},
	);

	it.each([
		['busy', true, { status: 'busy' }, 'failed'],
		['No-Answer', true, { status: 'No-Answer' }, 'failed'],
		['Ended', false, { status: 'Ended' }, 'completed'],
	])(
		'Verification takes "%s" for the same end, and Twenty2 at its word',
		async (_, failed, call, status) => {
			const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
			const event = await place({ authentication, failed });
			const sent = { ...event, call: { ...event.call, ...call } };
			expect(await send(sent)).toMatchObject({ status: 200 });
			await quiet();
			expect(started).toEqual([{ json: expect.objectContaining({ status }) }]);
		},
	);

	it('Verification lets the item say of the call only what Twenty2 says', async () => {
		const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
		const event = await place({ authentication, failed: true, input: { name: 'Asha' } });
		await send({
			...event,
			call: { ...event.call, to_number: '9000000000', call_cost_inr: 999 },
			contact: { phone_number: '9000000000', input_variables: { name: 'Eve' } },
			output_variables: { paid: true },
			recording: { available: true, url: 'https://evil.example/1.wav' },
		});
		await quiet();
		const [item] = z.array(z.object({ json: z.looseObject({}) })).parse(started);
		expect(item?.json).toMatchObject({
			to_number: phone(0),
			cost: '0.00 INR',
			output_parameters: {},
		});
		expect(item?.json).not.toHaveProperty('recording_url');
	});
});

it('Verification does not take place without a credential, or when it is switched off', async () => {
	const events = [await place({ n: 1 }), await place({ n: 2 })];
	const without = await startTrigger({ credentials: {} });
	const off = await startTrigger({ parameters: { options: { verify: false } } });
	await without.send(events[0]);
	await off.send(events[1]);
	await Promise.all([without.quiet(), off.quiet()]);
	expect([...without.started, ...off.started]).toHaveLength(2);
	expect(reads()).toBe(0);
});

it('Verification needs a credential where it is switched on', async () => {
	const parameters = { options: { verify: true } };
	const { send, started } = await startTrigger({ parameters, credentials: {} });
	expect(await send(await place())).toEqual({
		status: 500,
		message: 'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
	});
	expect(started).toEqual([]);
});

it('Verification does not take place with a secret, unless it is switched on', async () => {
	const [event, another] = [await place({ n: 1 }), await place({ n: 2 })];
	const secret = 's3cret';
	const without = await startTrigger({ parameters: { options: { secret } } });
	await without.send(event, '?secret=s3cret');
	await without.quiet();
	expect(without.started).toHaveLength(1);
	expect(without.credentialReads).toBe(0);
	expect(reads()).toBe(0);

	const on = await startTrigger({ parameters: { options: { secret, verify: true } } });
	await on.send(another, '?secret=s3cret');
	await on.quiet();
	expect(on.started).toHaveLength(1);
	expect(reads()).toBe(1);
});

it('Verification needs no credential while a delivery is received', async () => {
	const trigger = await startTrigger();
	const event = await place();
	sandbox.behaveReads('*', { kind: 'slow', ms: 300 });
	expect(await trigger.send(event)).toMatchObject({ status: 200 });
	expect(trigger.credentialReads).toBeLessThanOrEqual(1);
	await trigger.quiet();
	await trigger.send({ ...event, event_id: 'evt_2' });
	await trigger.send({ ...event, event: 'call.started' });
	await trigger.quiet();
	expect(trigger.credentialReads).toBe(1);
});

it('Verification asks again when an execution is retried that could not ask', async () => {
	const account = { apiKey: 'sandbox-key', baseUrl: 'twenty2', ...limits };
	const trigger = await startTrigger({ credentials: { twenty2Api: account } });
	const { send, started, failed, executions, quiet } = trigger;
	const event = await place();
	expect(await send(event)).toMatchObject({ status: 200 });
	await quiet();
	expect(failed).toEqual([expect.stringContaining('Base URL')]);
	expect(executions).toMatchObject([{ code: 'INVALID_INPUT' }]);
	expect(started).toEqual([]);

	account.baseUrl = sandbox.url;
	expect((await executions[0]?.retry())?.items).toHaveLength(1);
	expect(started).toEqual([{ json: expect.objectContaining({ event_id: event.event_id }) }]);
	expect(reads()).toBe(1);
	// It has gone on.
	await send({ ...event, event_id: 'evt_2' });
	await quiet();
	expect(started).toHaveLength(1);
});

it('Verification ends a retry without an item, too, when it finds an event contradicted again', async () => {
	const trigger = await startTrigger({
		credentials: { twenty2Api: { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits } },
	});
	const event = await place({ failed: true });
	sandbox.behaveReads('*', { kind: 'answer', status: 403, body: {}, times: 1 });
	await trigger.send({ ...event, event: 'call.completed' });
	await trigger.quiet();
	const [execution] = trigger.executions;
	expect(execution?.code).toBe('FORBIDDEN');
	expect(await execution?.retry()).toMatchObject({ error: undefined, items: [] });
	expect(trigger.started).toEqual([]);
});

it('a verification that Twenty2 refuses is one failed execution, also when the event is repeated', async () => {
	const { send, started, failed, executions, quiet } = await startTrigger({
		credentials: { twenty2Api: { apiKey: 'wrong', baseUrl: sandbox.url, ...limits } },
	});
	const event = await place();
	const another = await place({ n: 1 });
	for (const sent of [event, event, another]) {
		expect(await send(sent)).toMatchObject({ status: 200 });
		await quiet();
	}
	expect(started).toEqual([]);
	expect(executions).toMatchObject([{ code: 'UNAUTHORIZED' }, { code: 'UNAUTHORIZED' }]);
	expect(failed).toEqual(
		[event, another].map(
			({ event_id, call }) =>
				`The event ${event_id} of the call ${call.call_id} could not be checked with Twenty2: API key is missing or invalid`,
		),
	);
});

it('Verification says what came from outside on one short line of the log', async () => {
	const { send, executions, quiet } = await startTrigger();
	const warned = warnings();
	const event = await place();
	const status = `failed\n2026-01-01 | error | forged\u2028${'x'.repeat(100_000)}`;
	await send({ ...event, event: 'call.failed', call: { ...event.call, status } });
	await quiet();
	expect(warned()).toEqual([expect.stringMatching(/^[^\n\r\u2028]{1,500}$/)]);
	expect(warned()).toEqual([expect.stringContaining('whereas Twenty2 says completed')]);
	expect(executions[0]?.hints).toEqual([expect.stringMatching(/^[^\n\r\u2028]{1,500}$/)]);

	const call_id = 'x'.repeat(201);
	expect(await send({ ...event, call: { ...event.call, call_id } })).toEqual({
		status: 400,
		message: 'Not an event by Twenty2: call.call_id must not be longer than 200 characters',
	});
});

it('Verification leaves the static data of the workflow alone', async () => {
	const trigger = await startTrigger();
	const event = await place();
	sandbox.behaveReads('*', { kind: 'slow', ms: 300 });
	const answer = trigger.send(event);
	await expect.poll(reads).toBe(1);
	// Another node of the workflow writes meanwhile.
	trigger.staticData = { 'node:Code': { count: 1 } };
	expect(await answer).toMatchObject({ status: 200 });
	await trigger.quiet();
	expect(trigger.started).toHaveLength(1);
	expect(trigger.staticData).toEqual({ 'node:Code': { count: 1 } });
});

it('a rush without verification starts each event at once', async () => {
	const { send, started, quiet } = await startTrigger({ credentials: {} });
	const event = await place();
	for (let n = 0; n < 100; n++) {
		expect(await send({ ...event, event_id: `evt_${n}` })).toMatchObject({ status: 200 });
	}
	await quiet();
	expect(started).toHaveLength(100);
});
