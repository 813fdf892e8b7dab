import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox, type WebhookEvent } from '../../sandbox';
import { logger, onN8n1 } from './n8nCore';
import { startTrigger as startTriggerFor, type Given, type Trigger } from './startTrigger';
import { engineFor, getCallNode, phone } from './twenty2';
import { settle, useVirtualTime } from './virtualTime';

const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };

let sandbox: Sandbox;
const closing: Array<() => void> = [];

const startTrigger = async (given: Omit<Given, 'baseUrl'> = {}): Promise<Trigger> => {
	const trigger = await startTriggerFor({ baseUrl: sandbox.url, ...given });
	closing.push(() => trigger.close());
	return trigger;
};

interface Placing {
	/** Each generation knows the calls of its own keys only. */
	authentication?: string;
	failed?: boolean;
	n?: number;
	input?: object;
}

/** The event of a call that has ended. */
async function place({
	authentication = 'apiKey',
	failed = false,
	n = 0,
	input = {},
}: Placing = {}): Promise<WebhookEvent> {
	if (failed) sandbox.behave(phone(n), 'unanswered');
	const basic = Buffer.from('sandbox-key:sandbox-secret').toString('base64');
	const request: { path: string; headers: Record<string, string>; body: object } =
		authentication === 'workspace'
			? {
					path: '/api/agent/trigger-outbound-call',
					headers: { authorization: `Basic ${basic}`, 'x-workspace-id': 'ws_sandbox' },
					body: {
						agent_id: 'asst_demo',
						callee_phone: phone(n).slice(3),
						caller_phone: '7971441943',
						input_parameters: input,
					},
				}
			: {
					path: '/v1/calls',
					headers: { authorization: 'Bearer sandbox-key' },
					body: {
						assistant_id: 'asst_demo',
						from_number: '+917971441943',
						to_number: phone(n),
						input_parameters: input,
					},
				};
	const response = await fetch(sandbox.url + request.path, {
		method: 'POST',
		headers: { ...request.headers, 'content-type': 'application/json' },
		body: JSON.stringify(request.body),
	});
	const { call_id } = z.object({ call_id: z.string() }).parse(await response.json());
	return sandbox.eventOf(call_id);
}

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

describe('A delivery', () => {
	it('starts the workflow with the call, under the names that Get Call has', async () => {
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

	it('starts it with what Twenty2 sent, untouched, when Simplify is off', async () => {
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
	])('needs the secret in its URL where there is one (%s)', async (query, answer) => {
		const parameters = { options: { secret: 's3cret' } };
		const { send, started, quiet } = await startTrigger({ parameters });
		expect(await send(await place(), query)).toMatchObject(answer);
		await quiet();
		expect(started).toHaveLength(answer.status === 200 ? 1 : 0);
	});

	it.each([
		['no object', [], 'the body must be a JSON object'],
		['nothing', {}, 'event must be call.completed or call.failed'],
		['another event', { event: 'call.started' }, 'event must be call.completed or call.failed'],
		['no event_id', { event_id: undefined }, 'event_id must be text of up to 200 visible'],
		['an event_id with a line break', { event_id: 'evt\n1' }, 'event_id must be text of up to 200'],
		['no call', { call: undefined }, 'call must be a JSON object'],
		['no call_id', { call: { status: 'failed' } }, 'call.call_id is empty'],
		[
			'a call_id that leads elsewhere',
			{ call: { call_id: '../x' } },
			'call.call_id must not contain',
		],
		['no status', { call: { call_id: 'call_1' } }, 'call.status must be text'],
	])('with %s is told what is wrong', async (what, changes, wrong) => {
		const { send, started, quiet } = await startTrigger();
		const whole = ['no object', 'nothing'].includes(what) ? {} : await place();
		const answer = await send(Array.isArray(changes) ? changes : { ...whole, ...changes });
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
	])('of %s is answered and starts nothing', async (_, parameters) => {
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
	])('of a chosen assistant starts the workflow (%s)', async (_, assistantIds) => {
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
	])('is not taken up while a field cannot be used (%s: %j)', async (field, parameters) => {
		const { send, started } = await startTrigger({ parameters });
		expect(await send(await place())).toEqual({
			status: 500,
			message: expect.stringContaining(field),
		});
		expect(started).toEqual([]);
	});

	// n8n 1 gives an expression of a trigger nothing of the request.
	it.skipIf(onN8n1)('is taken up once the field is right again', async () => {
		const event = await place();
		const { send, started, quiet } = await startTrigger({
			parameters: { events: '={{ $json.body.chosen }}' },
		});
		expect(await send(event)).toMatchObject({ status: 500 });
		expect(await send({ ...event, chosen: ['call.completed'] })).toMatchObject({ status: 200 });
		await quiet();
		expect(started).toHaveLength(1);
	});
});

describe('A repeated delivery', () => {
	it('is answered and starts nothing, also when both come together', async () => {
		const { send, started, quiet } = await startTrigger();
		const event = await place();
		const answers = await Promise.all([send(event), send(event), send(event)]);
		await quiet();
		answers.push(await send(event));
		await quiet();
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
		expect(started).toHaveLength(1);
	});

	it('starts nothing after a restart either', async () => {
		const { send, started, quiet, restart } = await startTrigger();
		const events = [await place({ n: 1 }), await place({ n: 2 }), await place({ n: 3 })];
		await Promise.all(events.slice(0, 2).map(async (event) => await send(event)));
		await quiet();
		await restart();
		for (const event of events) await send(event);
		await quiet();
		expect(started).toHaveLength(3);
	});

	it('starts the workflow of another node', async () => {
		const triggers = [await startTrigger(), await startTrigger()];
		const event = await place();
		for (const { send, quiet } of triggers) {
			await send(event);
			await quiet();
		}
		expect(triggers.map(({ started }) => started.length)).toEqual([1, 1]);
	});

	it('starts the workflow each time that somebody listens for a test event', async () => {
		const { send, started, quiet } = await startTrigger({ mode: 'manual' });
		const event = await place();
		for (let n = 0; n < 2; n++) {
			await send(event);
			await quiet();
		}
		expect(started).toHaveLength(2);
	});

	it('tells somebody who listens for a test event why it was turned away', async () => {
		const parameters = { events: ['call.completed'], options: { secret: 's3cret' } };
		const { send, started, failed } = await startTrigger({ mode: 'manual', parameters });
		const event = await place();
		const invented = { ...event, event_id: 'evt_2', call: { ...event.call, call_id: 'call_2' } };
		const statuses = [
			await send(event),
			await send({ ...event, event: 'call.started' }, '?secret=s3cret'),
			await send({ ...event, event: 'call.failed' }, '?secret=s3cret'),
			await send(invented, '?secret=s3cret'),
		].map(({ status }) => status);

		expect(statuses).toEqual([500, 500, 500, 500]);
		const came = 'An event came and was turned away.';
		expect(failed).toEqual([
			`${came} The URL must end in ?secret= and the secret of this trigger`,
			`${came} Not an event by Twenty2: event must be call.completed or call.failed`,
			`${came} This workflow does not ask for it: it is call.failed by the assistant asst_demo, see Events and Assistant IDs`,
			`${came} Twenty2 does not confirm it: No call for this call_id`,
		]);
		expect(started).toEqual([]);
	});
});

describe.each(['apiKey', 'workspace'])('Verification (%s)', (authentication) => {
	it.each([false, true])('lets a true event start the workflow (failed: %s)', async (failed) => {
		const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
		await send(await place({ authentication, failed }));
		await quiet();
		expect(started).toHaveLength(1);
		expect(reads()).toBe(1);
	});

	it.each([
		['a failed call that completed', false, { status: 'failed' }, { event: 'call.failed' }],
		['a completed call that failed', true, { status: 'completed' }, { event: 'call.completed' }],
		['an end that its event denies', true, {}, { event: 'call.completed' }],
	])('keeps %s from starting it', async (_, failed, call, changes) => {
		const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
		const warned = warnings();
		const event = await place({ authentication, failed });
		const forged = { ...event, ...changes, call: { ...event.call, ...call } };
		expect(await send(forged)).toMatchObject({ status: 403 });
		await quiet();
		expect(started).toEqual([]);
		expect(warned()).toEqual([expect.stringContaining(event.event_id)]);

		await send(event);
		await quiet();
		expect(started).toHaveLength(1);
	});

	it.each([
		['busy', true, { status: 'busy' }, 'failed'],
		['No-Answer', true, { status: 'No-Answer' }, 'failed'],
		['Ended', false, { status: 'Ended' }, 'completed'],
	])('takes "%s" for the same end, and Twenty2 at its word', async (_, failed, call, status) => {
		const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
		const event = await place({ authentication, failed });
		const sent = { ...event, call: { ...event.call, ...call } };
		expect(await send(sent)).toMatchObject({ status: 200 });
		await quiet();
		expect(started).toEqual([{ json: expect.objectContaining({ status }) }]);
	});

	it('lets the item say of the call only what Twenty2 says', async () => {
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

describe('Verification', () => {
	it('does not take place without a credential, or when it is switched off', async () => {
		const events = [await place({ n: 1 }), await place({ n: 2 })];
		const without = await startTrigger({ credentials: {} });
		const off = await startTrigger({ parameters: { options: { verify: false } } });
		await without.send(events[0]);
		await off.send(events[1]);
		await Promise.all([without.quiet(), off.quiet()]);
		expect([...without.started, ...off.started]).toHaveLength(2);
		expect(reads()).toBe(0);
	});

	it('that is switched on needs a credential', async () => {
		const parameters = { options: { verify: true } };
		const { send, started } = await startTrigger({ parameters, credentials: {} });
		expect(await send(await place())).toEqual({
			status: 500,
			message: 'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
		});
		expect(started).toEqual([]);
	});

	it('needs a credential that can be used', async () => {
		const { send } = await startTrigger({
			credentials: { twenty2Api: { apiKey: 'sandbox-key', baseUrl: 'twenty2', ...limits } },
		});
		expect(await send(await place())).toEqual({
			status: 500,
			message: expect.stringContaining('Base URL'),
		});
	});

	it('that Twenty2 refuses is one failed execution, also when the event is repeated', async () => {
		const { send, started, failed } = await startTrigger({
			credentials: { twenty2Api: { apiKey: 'wrong', baseUrl: sandbox.url, ...limits } },
		});
		const event = await place();
		const another = await place({ n: 1 });
		expect(await send(event)).toMatchObject({ status: 500 });
		expect(await send(event)).toMatchObject({ status: 503 });
		expect(await send(another)).toMatchObject({ status: 500 });
		expect(started).toEqual([]);
		expect(failed).toEqual(
			[event, another].map(
				({ event_id, call }) =>
					`The event ${event_id} of the call ${call.call_id} could not be checked with Twenty2: API key is missing or invalid`,
			),
		);
	});

	it('says what came from outside on one short line of the log', async () => {
		const { send } = await startTrigger();
		const warned = warnings();
		const event = await place();
		const status = `failed\n2026-01-01 | error | forged\u2028${'x'.repeat(100_000)}`;
		await send({ ...event, event: 'call.failed', call: { ...event.call, status } });
		expect(warned()).toEqual([expect.stringMatching(/^[^\n\r\u2028]{1,500}$/)]);
		expect(warned()).toEqual([expect.stringContaining('whereas Twenty2 says completed')]);

		const call_id = 'x'.repeat(201);
		expect(await send({ ...event, call: { ...event.call, call_id } })).toEqual({
			status: 400,
			message: 'Not an event by Twenty2: call.call_id must not be longer than 200 characters',
		});
	});

	it('leaves the static data of the workflow alone', async () => {
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
});

describe('In the course of time', () => {
	useVirtualTime();

	const pass = async (seconds: number, stepMs = 50) => {
		for (let ms = 0; ms < seconds * 1_000; ms += stepMs) {
			await settle(sandbox);
			vi.advanceTimersByTime(stepMs);
		}
		await settle(sandbox);
	};

	/** Delivers an event and lets so many seconds pass. */
	const sendAndPass = async (trigger: Trigger, event: unknown, seconds: number) => {
		const answer = trigger.send(event);
		await pass(seconds);
		return await answer;
	};

	it('an event outlasts short trouble at Twenty2', async () => {
		const trigger = await startTrigger();
		sandbox.behaveReads('*', { kind: 'answer', status: 503, body: 'no', times: 1 });
		expect(await sendAndPass(trigger, await place(), 3)).toMatchObject({ status: 200 });
		expect(trigger.started).toHaveLength(1);
		expect(reads()).toBe(2);
	});

	it.each([
		[
			'429 of Twenty2',
			{ status: 429, body: { success: false, error: { code: 'RATE_LIMIT_EXCEEDED' } } },
			503,
		],
		['429 of a proxy', { status: 429, body: 'Slow down' }, 503],
		['502 of a proxy', { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' }, 500],
	] as const)(
		'an event during a %s starts nothing, and is believed when it is repeated after it',
		async (_, answer, told) => {
			const trigger = await startTrigger();
			const event = await place();
			sandbox.behaveReads('*', { kind: 'answer', ...answer });
			expect(await sendAndPass(trigger, event, 4.5)).toMatchObject({ status: told });
			// A sender that repeats it meanwhile is told to come again.
			expect(await sendAndPass(trigger, event, 4.5)).toMatchObject({ status: 503 });
			expect(trigger.started).toEqual([]);
			expect(trigger.failed).toHaveLength(told === 500 ? 1 : 0);

			sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
			// The key was told to wait.
			await pass(60, 500);
			expect(await sendAndPass(trigger, event, 4.5)).toMatchObject({ status: 200 });
			expect(trigger.started).toHaveLength(1);
		},
	);

	const body = (call: object) => ({ success: true, ...call });
	const unknown = {
		success: false,
		error: { code: 'CALL_NOT_FOUND', message: 'No call for this call_id', status: 404 },
	};

	it.each([
		['a call that Twenty2 does not know yet', 404, () => unknown],
		[
			'a call that has not ended yet',
			200,
			({ call_id = '' }) => body({ call_id, status: 'queued' }),
		],
		['a call of a status unheard of', 200, ({ call_id = '' }) => body({ call_id, status: 'wrap' })],
	])('an event is believed later that is ahead of %s', async (_, status, answer) => {
		for (const [times, seconds] of [
			[1, 1],
			[2, 3],
		] as const) {
			const trigger = await startTrigger();
			const warned = warnings();
			const event = await place({ n: times });
			const { call_id } = event.call;
			const early = answer({ call_id });
			sandbox.behaveReads(call_id, { kind: 'answer', status, body: early, times });
			const answered = trigger.send(event);
			await pass(seconds - 0.5);
			expect(trigger.started).toEqual([]);
			await pass(1);
			expect(await answered).toMatchObject({ status: 200 });
			expect(trigger.started).toHaveLength(1);
			expect(warned()).toEqual([]);
		}
		expect(reads()).toBe(2 + 3);
	});

	it('an event whose call goes on is answered 503 in time, and a repeat is believed later', async () => {
		const trigger = await startTrigger();
		const event = await place();
		const { call_id } = event.call;
		const going = body({ call_id, status: 'ringing' });
		sandbox.behaveReads(call_id, { kind: 'answer', status: 200, body: going, times: 3 });
		expect(await sendAndPass(trigger, event, 4.5)).toMatchObject({ status: 503 });
		expect(trigger.started).toEqual([]);
		expect(await sendAndPass(trigger, event, 0.5)).toMatchObject({ status: 200 });
		expect(trigger.started).toHaveLength(1);
	});

	it('an event is dropped at once when the call has ended otherwise meanwhile', async () => {
		const trigger = await startTrigger();
		const warned = warnings();
		const event = await place({ failed: true });
		const { call_id } = event.call;
		const going = body({ call_id, status: 'ringing' });
		sandbox.behaveReads(call_id, { kind: 'answer', status: 200, body: going, times: 1 });
		const call = { ...event.call, status: 'completed' };
		const forged = { ...event, event: 'call.completed', call };
		expect(await sendAndPass(trigger, forged, 2)).toMatchObject({ status: 403 });
		expect(trigger.started).toEqual([]);
		expect(reads()).toBe(2);
		expect(warned()).toEqual([expect.stringContaining('whereas Twenty2 says failed')]);
	});

	it.each(['apiKey', 'workspace'])(
		'an event of a call that never was is dropped after the last look (%s)',
		async (authentication) => {
			const trigger = await startTrigger({ parameters: { authentication } });
			const warned = warnings();
			const event = await place({ authentication });
			const invented = { ...event, call: { ...event.call, call_id: 'call_invented' } };
			const answered = trigger.send(invented);
			await pass(2.5);
			expect(warned()).toEqual([]);
			await pass(1);
			expect(warned()).toEqual([
				`Twenty2 event ${event.event_id} started nothing: No call for this call_id`,
			]);
			expect(await answered).toMatchObject({ status: 403 });
			await pass(120, 500);
			expect(reads()).toBe(3);

			expect(await sendAndPass(trigger, event, 1)).toMatchObject({ status: 200 });
			expect(trigger.started).toHaveLength(1);
		},
	);

	it('an event of which no answer comes is a failed execution in time', async () => {
		const trigger = await startTrigger();
		sandbox.behaveReads('*', '503 always');
		expect(await sendAndPass(trigger, await place({ n: 0 }), 4.5)).toMatchObject({ status: 500 });
		sandbox.behaveReads('*', { kind: 'hang' });
		const event = await place({ n: 1 });
		expect(await sendAndPass(trigger, event, 4.5)).toMatchObject({ status: 500 });
		expect(trigger.failed).toEqual([
			expect.stringContaining('Service unavailable'),
			expect.stringContaining(event.event_id),
		]);
		expect(trigger.started).toEqual([]);
	});

	it('one that cannot be verified starts nothing, and a repeat of it may', async () => {
		const trigger = await startTrigger();
		const event = await place();
		sandbox.behaveReads('*', { kind: 'answer', status: 503, body: 'no' });
		expect(await sendAndPass(trigger, event, 4.5)).toMatchObject({ status: 500 });
		expect(trigger.started).toEqual([]);

		sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
		expect(await sendAndPass(trigger, event, 4)).toMatchObject({ status: 200 });
		expect(trigger.started).toHaveLength(1);
	});

	const at60 = () => ({
		twenty2Api: {
			...{ apiKey: 'sandbox-key', baseUrl: sandbox.url },
			...{ requestsPerMinute: 60, concurrentCalls: 3 },
		},
	});

	it('no more than 20 events are verified at a time, and all are answered in time', async () => {
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 100; n++) events.push(await place({ n }));
		const trigger = await startTrigger({ credentials: at60() });
		sandbox.behaveReads('*', { kind: 'hang' });
		const answers: number[] = [];
		const answering = events.map(
			async (event) => void answers.push((await trigger.send(event)).status),
		);
		await expect.poll(() => answers.length).toBe(80);
		expect(new Set(answers)).toEqual(new Set([503]));
		await pass(4.5);
		await Promise.all(answering);
		expect(trigger.started).toEqual([]);
	});

	it('an event that would only wait behind another one is answered at once', async () => {
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 50; n++) events.push(await place({ n }));
		const trigger = await startTrigger({ credentials: at60() });
		// A quarter of the limit is left to executions, and polls may use one of it now.
		const taken = events.slice(0, 46);
		for (const event of taken) expect(await trigger.send(event)).toMatchObject({ status: 200 });
		const waiting = trigger.send(events[46]);
		await settle(sandbox);
		const reads = trigger.credentialReads;
		for (const event of events.slice(47)) {
			expect(await trigger.send(event)).toMatchObject({ status: 503 });
		}
		// For each, n8n would create another isolate.
		expect(trigger.credentialReads).toBe(reads);
		await pass(4.5);
		expect(await waiting).toMatchObject({ status: 200 });
	});

	it('invented events do not take all the room in which events are looked up again', async () => {
		const trigger = await startTrigger();
		const event = await place();
		const answers: number[] = [];
		const answering = Array.from({ length: 20 }, async (_, n) => {
			const call = { ...event.call, call_id: `call_invented_${n}` };
			const sent = { ...event, event_id: `evt_invented_${n}`, call };
			answers.push((await trigger.send(sent)).status);
		});
		await expect.poll(() => answers.length).toBe(15);
		expect(new Set(answers)).toEqual(new Set([503]));
		await pass(4.5);
		await Promise.all(answering);
		expect(answers.slice(15)).toEqual([403, 403, 403, 403, 403]);
	});

	/** Events of calls that never were. */
	const invent = ({ call, ...event }: WebhookEvent, count: number) =>
		Array.from({ length: count }, (_, n) => ({
			...event,
			event_id: `evt_invented_${n}`,
			call: { ...call, call_id: `call_invented_${n}` },
		}));

	it('a true event is looked up at once, not behind invented ones', async () => {
		const trigger = await startTrigger({ credentials: at60() });
		const [event, later] = [await place({ n: 0 }), await place({ n: 1 })];
		const invented = invent(event, 5).map(async (sent) => await trigger.send(sent));
		await settle(sandbox);
		expect(reads()).toBe(5);
		const from = performance.now();
		expect(await sendAndPass(trigger, event, 0.1)).toMatchObject({ status: 200 });
		// While the invented ones are looked up again.
		await pass(0.9);
		expect(await sendAndPass(trigger, later, 0.1)).toMatchObject({ status: 200 });
		expect(performance.now() - from).toBeLessThan(1_500);
		expect(trigger.started).toHaveLength(2);
		await pass(4.5);
		await Promise.all(invented);
	});

	it('a true event gets in while invented ones wait for what is left of the limit', async () => {
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 42; n++) events.push(await place({ n }));
		const [event, ...taking] = events;
		if (!event) throw new Error('no call was placed');
		const trigger = await startTrigger({ credentials: at60() });
		const invented = invent(event, 5).map(async (sent) => await trigger.send(sent));
		await settle(sandbox);
		for (const one of taking) expect(await trigger.send(one)).toMatchObject({ status: 200 });
		await pass(1.1);
		const answered = trigger.send(event);
		await pass(4);
		expect(await answered).toMatchObject({ status: 200 });
		await Promise.all(invented);
	});

	it('events are believed although there were too many requests for three seconds', async () => {
		const trigger = await startTrigger();
		// More than are looked up again at a time.
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 12; n++) events.push(await place({ n }));
		sandbox.behaveReads('*', { kind: '429', retryAfterSeconds: 3.5, times: 1 });
		const answered = events.map(async (event) => await trigger.send(event));
		await pass(3.4);
		expect(trigger.started.length).toBeLessThan(4);
		await pass(0.5);
		expect((await Promise.all(answered)).map(({ status }) => status)).toEqual(
			events.map(() => 200),
		);
		expect(trigger.started).toHaveLength(12);
	});

	it('what was answered 503 gets in when it is repeated, and once only', async () => {
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 70; n++) events.push(await place({ n }));
		const trigger = await startTrigger({ credentials: at60() });
		const statuses: number[] = [];
		for (let minute = 0; minute < 4; minute++) {
			for (let from = 0; from < events.length; from += 10) {
				const some = events.slice(from, from + 10);
				const answering = some.map(async (event) => await trigger.send(event));
				await pass(4.5, 100);
				statuses.push(...(await Promise.all(answering)).map(({ status }) => status));
			}
			await pass(40, 500);
		}
		expect(new Set(statuses)).toEqual(new Set([200, 503]));
		const started = z.array(z.object({ json: z.object({ event_id: z.string() }) }));
		const eventIds = started.parse(trigger.started).map(({ json }) => json.event_id);
		expect(eventIds.sort()).toEqual(events.map(({ event_id }) => event_id).sort());
	});

	it('events, however many, leave room for executions with the same key', async () => {
		const trigger = await startTrigger({ credentials: at60() });
		const event = await place();
		for (let second = 0; second < 30; second++) {
			for (let n = 0; n < 25; n++) {
				const call = { ...event.call, call_id: `call_invented_${n}` };
				void trigger.send({ ...event, event_id: `evt_${second}_${n}`, call });
			}
			await pass(1);
		}
		const from = performance.now();
		const looking = engineFor(sandbox, { requestsPerMinute: 60 }).run({
			items: [{ call_id: event.call.call_id }],
			node: getCallNode(),
		});
		await pass(5);
		expect((await looking).success).toHaveLength(1);
		expect(performance.now() - from).toBeLessThanOrEqual(5_000);
		expect(sandbox.seen.refusals).toBe(0);
	});

	it('a credential that was changed is used for the next event', async () => {
		const events = [await place({ n: 0 }), await place({ n: 1 })];
		const credential = { apiKey: 'sandbox-key', baseUrl: sandbox.url, requestsPerMinute: 1 };
		const stored = { ...credential, concurrentCalls: 3 };
		const trigger = await startTrigger({ credentials: { twenty2Api: stored } });
		expect(await sendAndPass(trigger, events[0], 1)).toMatchObject({ status: 200 });
		expect(await sendAndPass(trigger, events[1], 4.5)).toMatchObject({ status: 503 });

		stored.apiKey = 'sandbox-key-without-access';
		expect(await sendAndPass(trigger, events[1], 1)).toMatchObject({ status: 500 });
		expect(trigger.failed).toEqual([expect.stringContaining(events[1]?.event_id ?? '')]);
		expect(trigger.started).toHaveLength(1);
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
});
