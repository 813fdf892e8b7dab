import type {
	ICredentialDataDecryptedObject,
	INode,
	INodeParameters,
	IWebhookFunctions,
	IWebhookResponseData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/v4';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2Trigger } from '../../nodes/Twenty2/Twenty2Trigger.node';
import { deliver, startSandbox, type Sandbox, type WebhookEvent } from '../../sandbox';
import { core, logger, workflowPackage, onN8n1 } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { StoredCredentials } from './storedCredentials';
import { surroundingsOf } from './surroundings';
import { createCallNode, engineFor, getCallNode, leads, phone } from './twenty2';
import { settle, useVirtualTime } from './virtualTime';

const type = 'n8n-nodes-twenty2.twenty2Trigger';
const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };

interface Delivered {
	status: number;
	message: unknown;
}

interface Trigger {
	url: string;
	/** The items that executions were started with, in the order of their start. */
	started: unknown[];
	send(body: unknown, query?: string): Promise<Delivered>;
	/** Resolves when nothing is being looked into any more. */
	quiet(): Promise<void>;
	/** n8n ends and starts again: what was in memory is gone. */
	restart(): Promise<void>;
}

interface Given {
	parameters?: INodeParameters;
	/** By type; without it both, for the sandbox. */
	credentials?: Record<string, ICredentialDataDecryptedObject>;
	mode?: WorkflowExecuteMode;
}

let sandbox: Sandbox;
const closing: Array<() => void> = [];

/** What n8n's server does with deliveries to one node: `live-webhooks.js` and `webhook-helpers.js`. */
async function startTrigger({ parameters = {}, credentials, mode = 'webhook' }: Given = {}) {
	const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
	const pair = { apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' };
	const stored = credentials ?? {
		twenty2Api: account,
		twenty2WorkspaceApi: { ...account, ...pair },
	};
	const credentialsHelper = new StoredCredentials(
		[new Twenty2Api(), new Twenty2WorkspaceApi()],
		stored,
	);
	const node: INode = {
		id: randomUUID(),
		name: 'Twenty2 Trigger',
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: Object.fromEntries(Object.keys(stored).map((name) => [name, { id: name, name }])),
	};
	const workflow = { id: 'workflow', name: 'Workflow', nodes: [node], connections: {} };
	const asSaved = { active: true, activeVersionId: null, isArchived: false };
	const dates = { createdAt: new Date(), updatedAt: new Date() };

	let nodeType = new Twenty2Trigger();
	let staticData = '{}';
	const started: unknown[] = [];
	const open = new Set<Promise<unknown>>();

	const run = async (httpRequest: unknown, httpResponse: unknown) => {
		const loaded = new workflowPackage.Workflow({
			...structuredClone(workflow),
			active: true,
			nodeTypes: new GivenNodeTypes({ [type]: nodeType }),
			staticData: JSON.parse(staticData),
		});
		const hooks = new core.ExecutionLifecycleHooks(mode, '1', {
			...workflow,
			...asSaved,
			...dates,
		});
		const additionalData = {
			...surroundingsOf(hooks, credentialsHelper),
			httpRequest,
			httpResponse,
		};
		const [webhookDescription] = nodeType.description.webhooks ?? [];
		// With the defaults of the fields that its JSON leaves out.
		const filled = loaded.getNode(node.name);
		if (!webhookDescription || !filled) throw new Error('The node has no webhook');
		const context: IWebhookFunctions = new core.WebhookContext(
			loaded,
			filled,
			additionalData,
			mode,
			{
				httpMethod: 'POST',
				node: node.name,
				path: webhookDescription.path,
				webhookDescription,
				workflowId: workflow.id,
				workflowExecuteAdditionalData: additionalData,
			},
			[],
			null,
		);
		const result: IWebhookResponseData = await nodeType.webhook.call(context);
		if (loaded.staticData.__dataChanged === true) staticData = JSON.stringify(loaded.staticData);
		expect(result.noWebhookResponse).toBe(true);
		if (result.workflowData) started.push(...result.workflowData.flat());
	};

	const server = createServer((request, response) => {
		const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
		const query = Object.fromEntries(
			[...searchParams.keys()].map((name) => {
				const values = searchParams.getAll(name);
				return [name, values.length > 1 ? values : values[0]];
			}),
		);
		const done = json(request)
			.then(async (body) => await run(Object.assign(request, { body, query }), response))
			.catch((error: Error) => {
				response.writeHead(500);
				response.end(JSON.stringify({ message: error.message, name: error.name }));
			})
			.finally(() => open.delete(done));
		open.add(done);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	closing.push(() => server.close());
	const address = server.address();
	const port = typeof address === 'object' && address ? address.port : 0;

	const trigger: Trigger = {
		url: `http://127.0.0.1:${port}/webhook`,
		started,
		async send(body, query = '') {
			const { status, body: text } = await deliver(trigger.url + query, body);
			return { status, message: JSON.parse(text).message };
		},
		async quiet() {
			while (open.size > 0) await Promise.all(open);
		},
		async restart() {
			vi.resetModules();
			const fresh = await import('../../nodes/Twenty2/Twenty2Trigger.node');
			nodeType = new fresh.Twenty2Trigger();
		},
	};
	return trigger;
}

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
					direction: 'outbound',
					assistant_id: 'asst_demo',
					from_number: '7971441943',
					to_number: phone(0).slice(3),
					duration_seconds: 0,
					cost: '0.00 INR',
					started_at: event.call.started_at,
					ended_at: event.call.ended_at,
					input_parameters: { customerName: 'Asha' },
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
		expect(reads()).toBe(1);
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
		['another way to fail', true, { status: 'busy' }, {}],
	])('keeps %s from starting it', async (_, failed, call, changes) => {
		const { send, started, quiet } = await startTrigger({ parameters: { authentication } });
		const warned = warnings();
		const event = await place({ authentication, failed });
		const forged = { ...event, ...changes, call: { ...event.call, ...call } };
		expect(await send(forged)).toMatchObject({ status: 200 });
		await quiet();
		expect(started).toEqual([]);
		expect(warned()).toEqual([expect.stringContaining(event.event_id)]);

		await send(event);
		await quiet();
		expect(started).toHaveLength(1);
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

	it('that Twenty2 refuses starts nothing, and says why in the log', async () => {
		const { send, started, quiet } = await startTrigger({
			credentials: { twenty2Api: { apiKey: 'wrong', baseUrl: sandbox.url, ...limits } },
		});
		const warned = warnings();
		const event = await place();
		expect(await send(event)).toMatchObject({ status: 200 });
		await quiet();
		expect(started).toEqual([]);
		expect(warned()).toEqual([
			`Twenty2 event ${event.event_id} started nothing: API key is missing or invalid`,
		]);
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

	it('an event outlasts trouble at Twenty2', async () => {
		const { send, started } = await startTrigger();
		sandbox.behaveReads('*', { kind: 'answer', status: 503, body: 'no', times: 3 });
		await send(await place());
		await pass(20);
		expect(started).toHaveLength(1);
		expect(reads()).toBe(4);
	});

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
			[1, 2],
			[2, 7],
			[3, 22],
		] as const) {
			const { send, started } = await startTrigger();
			const warned = warnings();
			const event = await place({ n: times });
			const { call_id } = event.call;
			const early = answer({ call_id });
			sandbox.behaveReads(call_id, { kind: 'answer', status, body: early, times });
			expect(await send(event)).toMatchObject({ status: 200 });
			await pass(seconds - 0.5);
			expect(started).toEqual([]);
			// Twenty2 repeats what it takes for lost; it is looked into already.
			expect(await send(event)).toEqual({ status: 200, message: 'It came before' });
			await pass(1);
			expect(started).toHaveLength(1);
			expect(warned()).toEqual([]);
		}
		expect(reads()).toBe(2 + 3 + 4);
	});

	it('an event is dropped at once when the call has ended otherwise meanwhile', async () => {
		const { send, started } = await startTrigger();
		const warned = warnings();
		const event = await place({ failed: true });
		const { call_id } = event.call;
		const going = body({ call_id, status: 'ringing' });
		sandbox.behaveReads(call_id, { kind: 'answer', status: 200, body: going, times: 1 });
		const call = { ...event.call, status: 'completed' };
		await send({ ...event, event: 'call.completed', call });
		await pass(3);
		expect(started).toEqual([]);
		expect(reads()).toBe(2);
		expect(warned()).toEqual([expect.stringContaining('whereas Twenty2 says failed')]);
	});

	it.each(['apiKey', 'workspace'])(
		'an event of a call that never was is dropped after the last look (%s)',
		async (authentication) => {
			const { send, started } = await startTrigger({ parameters: { authentication } });
			const warned = warnings();
			const event = await place({ authentication });
			await send({ ...event, call: { ...event.call, call_id: 'call_invented' } });
			await pass(22);
			expect(warned()).toEqual([]);
			await pass(1);
			expect(warned()).toEqual([
				`Twenty2 event ${event.event_id} started nothing: No call for this call_id`,
			]);
			await pass(120, 500);
			expect(reads()).toBe(4);

			await send(event);
			await pass(1);
			expect(started).toHaveLength(1);
		},
	);

	it('invented events, however many, hold no true one back', async () => {
		const credential = { apiKey: 'sandbox-key', baseUrl: sandbox.url, concurrentCalls: 3 };
		const { send, started } = await startTrigger({
			credentials: { twenty2Api: { ...credential, requestsPerMinute: 60 } },
		});
		const warned = warnings();
		const event = await place();
		const late = await place({ n: 1 });
		const { call_id } = late.call;
		sandbox.behaveReads(call_id, { kind: 'answer', status: 404, body: unknown, times: 1 });
		for (let n = 0; n < 40; n++) {
			const call = { ...event.call, call_id: `call_invented_${n}` };
			await send({ ...event, event_id: `evt_invented_${n}`, call });
		}
		// When they are looked at again.
		await pass(10);
		expect(reads()).toBeGreaterThan(40);
		await send(event);
		await pass(1);
		expect(started).toHaveLength(1);

		// One in doubt itself stands behind what is looked at again before it.
		await send(late);
		await pass(240, 500);
		expect(started).toHaveLength(2);
		await pass(600, 500);
		expect(warned()).toHaveLength(40);
	});

	it('one that cannot be verified starts nothing, and a repeat of it may', async () => {
		const { send, started } = await startTrigger();
		const warned = warnings();
		const event = await place();
		sandbox.behaveReads('*', { kind: 'answer', status: 503, body: 'no', times: 4 });
		expect(await send(event)).toMatchObject({ status: 200 });
		await pass(20);
		expect(started).toEqual([]);
		expect(warned()).toEqual([expect.stringContaining(event.event_id)]);

		await send(event);
		await pass(1);
		expect(started).toHaveLength(1);
	});

	it('answers come at once whatever the limit, and events as it allows', async () => {
		await sandbox.close();
		sandbox = await startSandbox({
			ringMs: 0,
			talkMs: 0,
			refuseConcurrent: false,
			requestsPerMinute: 10_000,
			clock: () => performance.now(),
		});
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 100; n++) events.push(await place({ n }));
		await pass(61);
		Object.assign(sandbox.limits, { requestsPerMinute: 60 });
		const credential = { apiKey: 'sandbox-key', baseUrl: sandbox.url, requestsPerMinute: 60 };
		const { send, started } = await startTrigger({
			credentials: { twenty2Api: { ...credential, concurrentCalls: 3 } },
		});

		const from = performance.now();
		const answers = await Promise.all(events.map(async (event) => await send(event)));
		expect(answers.map(({ status }) => status)).toEqual(events.map(() => 200));
		expect(performance.now()).toBe(from);
		await pass(30);
		expect(started).toHaveLength(60);

		// Whatever else uses the key shares its limit.
		const calling = engineFor(sandbox, { requestsPerMinute: 60 }).run({
			items: leads(10),
			node: createCallNode(),
		});
		await pass(40);
		expect(started).toHaveLength(100);
		expect((await calling).success).toHaveLength(10);
		expect(sandbox.seen.refusals).toBe(0);
	});

	it('verifications at the limit let an execution go next but one', async () => {
		const events: WebhookEvent[] = [];
		for (let n = 0; n < 101; n++) events.push(await place({ n }));
		const [lookedUp, ...delivered] = events;
		const call_id = lookedUp?.call.call_id;
		const credential = { apiKey: 'sandbox-key', baseUrl: sandbox.url, requestsPerMinute: 60 };
		const { send, started } = await startTrigger({
			credentials: { twenty2Api: { ...credential, concurrentCalls: 3 } },
		});
		for (const event of delivered) await send(event);
		await pass(30);
		expect(started).toHaveLength(60);

		const looking = engineFor(sandbox, { requestsPerMinute: 60 }).run({
			items: [{ call_id }],
			node: getCallNode(),
		});
		await pass(40);
		expect((await looking).success).toHaveLength(1);
		expect(started).toHaveLength(100);
		const read = sandbox.seen.requests.filter(({ method }) => method === 'GET');
		expect(read.findIndex(({ path }) => path.endsWith(`/${call_id}`))).toBe(61);
	});

	it('a credential that was changed is used for the next event', async () => {
		const events = [await place({ n: 0 }), await place({ n: 1 }), await place({ n: 2 })];
		const credential = { apiKey: 'sandbox-key', baseUrl: sandbox.url, requestsPerMinute: 1 };
		const stored = { ...credential, concurrentCalls: 3 };
		const { send, started } = await startTrigger({ credentials: { twenty2Api: stored } });
		const warned = warnings();
		for (const event of events.slice(0, 2)) await send(event);
		await pass(1);
		expect(started).toHaveLength(1);

		stored.apiKey = 'sandbox-key-without-access';
		for (const event of events.slice(2)) await send(event);
		await pass(1);
		expect(warned()).toEqual([expect.stringContaining(events[2]?.event_id ?? '')]);
		await pass(60);
		expect(started).toHaveLength(2);
	});

	it('a rush is answered before its events start, and they start after it', async () => {
		const { send, started } = await startTrigger({ credentials: {} });
		const event = await place();
		const rush = async (from: number, to: number) => {
			for (let n = from; n < to; n++) {
				expect(await send({ ...event, event_id: `evt_${n}` })).toMatchObject({ status: 200 });
				await settle(sandbox);
				vi.advanceTimersByTime(20);
			}
		};
		await rush(0, 100);
		expect(started).toEqual([]);
		await pass(1, 5);
		expect(started).toHaveLength(100);

		// One that does not end keeps nothing back for longer than 10 seconds.
		await rush(100, 700);
		expect(started.length).toBeGreaterThan(150);
		await pass(6, 5);
		expect(started).toHaveLength(700);
	});
});
