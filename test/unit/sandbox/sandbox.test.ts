/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { spawn } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import * as z from 'zod/v4';
import { magicNumbers, type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox';

const TO = '+919876543210';
const FROM = '+917971441943';

const started: Sandbox[] = [];
afterEach(async () => {
	await Promise.all(started.splice(0).map((sandbox) => sandbox.close()));
});

/** A sandbox with a clock that only `pass` advances. */
async function sandboxWithClock(options: SandboxOptions = {}) {
	let now = Date.UTC(2026, 4, 22, 7, 0, 0);
	const sandbox = await startSandbox({ clock: () => now, ...options });
	started.push(sandbox);
	const pass = (ms: number) => {
		now += ms;
	};
	return { sandbox, pass, ...apiKeyClient(sandbox.url), workspace: workspaceClient(sandbox.url) };
}

interface Sent {
	status: number;
	headers: Headers;
	text: string;
	body: Record<string, unknown>;
}

async function send(url: string, init: RequestInit): Promise<Sent> {
	const response = await fetch(url, init);
	const text = await response.text();
	const isJson = response.headers.get('content-type') === 'application/json';
	const body = isJson ? z.record(z.string(), z.unknown()).parse(JSON.parse(text)) : {};
	return { status: response.status, headers: response.headers, text, body };
}

function apiKeyClient(url: string) {
	const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
	const order = { assistant_id: 'asst_demo', from_number: FROM, to_number: TO };
	return {
		order,
		create: (change: object = {}, headers: Record<string, string> = {}) =>
			send(`${url}/v1/calls`, {
				method: 'POST',
				headers: { ...bearer('sandbox-key'), 'content-type': 'application/json', ...headers },
				body: JSON.stringify({ ...order, ...change }),
			}),
		createRaw: (body: string, type = 'application/json') =>
			send(`${url}/v1/calls`, {
				method: 'POST',
				headers: { ...bearer('sandbox-key'), 'content-type': type },
				body,
			}),
		read: (callId: unknown, headers: Record<string, string> = bearer('sandbox-key')) =>
			send(`${url}/v1/calls/${String(callId)}`, { headers }),
	};
}

function workspaceClient(url: string) {
	const headers = (change: Record<string, string> = {}) => ({
		authorization: `Basic ${btoa('sandbox-key:sandbox-secret')}`,
		'x-workspace-id': 'ws_sandbox',
		...change,
	});
	return {
		create: (change: object = {}, by: Record<string, string> = {}) =>
			send(`${url}/api/agent/trigger-outbound-call`, {
				method: 'POST',
				headers: headers({ 'content-type': 'application/json', ...by }),
				body: JSON.stringify({
					agent_id: 'asst_demo',
					callee_phone: TO.slice(3),
					caller_phone: FROM.slice(3),
					input_parameters: {},
					...change,
				}),
			}),
		detail: (callId: unknown, change?: Record<string, string>) =>
			send(`${url}/api/call/detail?call_id=${String(callId)}`, { headers: headers(change) }),
		logs: (change?: Record<string, string>) =>
			send(`${url}/api/call/logs`, { headers: headers(change) }),
		get: (path: string) => send(url + path, { headers: headers() }),
	};
}

const error = (status: number, code: string) => ({
	success: false,
	error: { code, message: expect.any(String), status },
});

it('the address is never one that a process had before, for which a client may remember limits', async () => {
	const urls = new Set<string>();
	for (let n = 0; n < 1_000; n++) {
		const sandbox = await startSandbox();
		urls.add(sandbox.url);
		await sandbox.close();
	}
	expect(urls.size).toBe(1_000);
});

it('the API key generation queues a call and answers with its call_id', async () => {
	const { create } = await sandboxWithClock();
	const { status, body } = await create();
	expect(status).toBe(200);
	expect(body).toEqual({
		success: true,
		call_id: expect.stringMatching(/^call_\w+$/),
		status: 'queued',
		message: 'Call queued',
	});
});

it('the API key generation lets a call ring, go on and complete, then hands out recording and transcript', async () => {
	const { create, read, pass } = await sandboxWithClock({ ringMs: 1000, talkMs: 30_000 });
	const { call_id } = (await create({ input_parameters: { name: 'Asha' } })).body;

	expect((await read(call_id)).body).toEqual({
		success: true,
		call_id,
		status: 'queued',
		direction: 'outbound',
		assistant_id: 'asst_demo',
		from_number: FROM,
		to_number: TO,
		duration_seconds: 0,
		cost: '0.00 INR',
		started_at: null,
		ended_at: null,
		input_parameters: { name: 'Asha' },
		output_parameters: {},
	});
	pass(999);
	expect((await read(call_id)).body.status).toBe('ringing');
	pass(1);
	expect((await read(call_id)).body.status).toBe('in-progress');
	pass(29_999);
	expect((await read(call_id)).body).not.toHaveProperty('recording');
	pass(1);
	expect((await read(call_id)).body).toMatchObject({
		status: 'completed',
		duration_seconds: 30,
		cost: '2.00 INR',
		started_at: '2026-05-22T07:00:00.200Z',
		ended_at: '2026-05-22T07:00:31.000Z',
		recording: { url: expect.any(String), expires_at: '2026-05-22T08:00:31.000Z' },
		transcript: { url: expect.any(String), expires_at: '2026-05-22T08:00:31.000Z' },
	});
});

it('the API key generation lets calls last as long as a function says, one after the other', async () => {
	const talkMs = [5_000, 1_000, 3_000];
	const { create, sandbox } = await sandboxWithClock({
		ringMs: 100,
		talkMs: () => talkMs.shift() ?? 0,
	});
	await create();
	sandbox.behave(TO, { kind: 'unanswered', times: 1 });
	await create();
	await create();
	// Beyond the three that may be live: refused, and no length is drawn for it.
	expect((await create()).status).toBe(429);
	const lasted = sandbox.seen.calls.map(({ placedAt, endedAt }) => endedAt - placedAt);
	expect(lasted).toEqual([5_100, 100, 1_100]);
	expect(talkMs).toEqual([3_000]);
});

it('the API key generation serves recording and transcript without a key until the link expires', async () => {
	const { create, read, pass, sandbox } = await sandboxWithClock({ ringMs: 0, talkMs: 0 });
	const { call_id } = (await create()).body;
	const link = z.object({ url: z.string() });
	const { body } = await read(call_id);
	const { recording, transcript } = z.object({ recording: link, transcript: link }).parse(body);

	const wav = await send(recording.url, {});
	expect(wav.headers.get('content-type')).toBe('audio/wav');
	expect(wav.text).toMatch(/^RIFF/);
	expect((await send(transcript.url, {})).text).toContain(TO);
	expect(sandbox.seen.requests).toHaveLength(2);

	pass(60 * 60 * 1000);
	expect((await send(recording.url, {})).status).toBe(403);
});

it('the API key generation refuses a missing, wrong or differently presented key', async () => {
	const { read } = await sandboxWithClock();
	const wrong: Record<string, string>[] = [
		{},
		{ authorization: 'Bearer nonsense' },
		{ authorization: 'Bearer' },
		{ authorization: `Basic ${btoa('sandbox-key:sandbox-secret')}` },
	];
	for (const headers of wrong) {
		const { status, body } = await read('any', headers);
		expect(status).toBe(401);
		expect(body).toEqual(error(401, 'UNAUTHORIZED'));
	}
});

it('the API key generation refuses a key without access', async () => {
	const { create } = await sandboxWithClock();
	const { status, body } = await create({}, { authorization: 'Bearer sandbox-key-without-access' });
	expect(status).toBe(403);
	expect(body).toEqual(error(403, 'FORBIDDEN'));
});

it.each([
	{ to_number: '9876543210' },
	{ to_number: '+0919876543210' },
	{ to_number: '+91 98765 43210' },
	{ to_number: '+9198765432101234' },
	{ to_number: '' },
	{ from_number: '7971441943' },
])('the API key generation refuses %j as no E.164 number', async (change) => {
	const { create, sandbox } = await sandboxWithClock();
	const { status, body } = await create(change);
	expect(status).toBe(400);
	expect(body).toEqual(error(400, 'INVALID_NUMBER'));
	expect(sandbox.seen.calls).toEqual([]);
});

it.each(['asst_draft', 'asst_unheard_of', ''])(
	'the API key generation refuses the assistant "%s"',
	async (id) => {
		const { create } = await sandboxWithClock();
		const { status, body } = await create({ assistant_id: id });
		expect(status).toBe(400);
		expect(body).toEqual(error(400, 'INVALID_ASSISTANT'));
	},
);

it("the API key generation does not find a call nobody made, nor another key's", async () => {
	const { create, read, workspace } = await sandboxWithClock();
	for (const callId of ['call_unheard_of', '%E0', (await workspace.create()).body.call_id]) {
		const { status, body } = await read(callId);
		expect(status).toBe(404);
		expect(body).toEqual(error(404, 'CALL_NOT_FOUND'));
	}
	expect((await read((await create()).body.call_id)).status).toBe(200);
});

it.each([
	['{"assistant_id":', 'application/json'],
	['[]', 'application/json'],
	['"text"', 'application/json'],
	['', 'application/json'],
	['{}', 'text/plain'],
	['assistant_id=asst_demo', 'application/x-www-form-urlencoded'],
])('the API key generation takes %j as %s for a bad request', async (text, type) => {
	const { createRaw } = await sandboxWithClock();
	const { status, body } = await createRaw(text, type);
	expect(status).toBe(400);
	expect(body).toEqual({ success: false, error: { message: expect.any(String), status: 400 } });
});

it.each([
	[{ assistant_id: undefined }, 'assistant_id'],
	[{ from_number: undefined }, 'from_number'],
	[{ to_number: undefined }, 'to_number'],
	[{ to_number: 919876543210 }, 'to_number'],
	[{ input_parameters: [] }, 'input_parameters'],
	[{ input_parameters: 'name=Asha' }, 'input_parameters'],
	[{ input_parameters: null }, 'input_parameters'],
])('the API key generation says of %j which field is invalid', async (change, field) => {
	const { create } = await sandboxWithClock();
	const { status, body } = await create(change);
	expect(status).toBe(422);
	expect(body).toEqual({
		success: false,
		error: { message: expect.any(String), status: 422 },
		validation_errors: { [field]: [expect.any(String)] },
	});
});

it('the API key generation accepts and records undocumented fields', async () => {
	const { create, sandbox, order } = await sandboxWithClock();
	expect((await create({ priority: 'high' })).status).toBe(200);
	expect(sandbox.seen.calls[0]?.body).toEqual({ ...order, priority: 'high' });
});

it('the API key generation knows no other routes', async () => {
	const { sandbox } = await sandboxWithClock();
	const headers = { authorization: 'Bearer sandbox-key' };
	for (const path of ['/v1/calls', '/v2/calls', '/', '//', '/v1/calls/a/b']) {
		const { status, body } = await send(sandbox.url + path, { headers });
		expect(status).toBe(404);
		expect(body).toEqual({
			success: false,
			error: { message: expect.any(String), status: 404 },
		});
	}
});

it.each([
	['/v1/calls', '/api/calls'],
	['/api/calls', '/v1/calls'],
] as const)('a sandbox with calls at %s has no page at %s', async (callsPath, other) => {
	const { url, close } = await startSandbox({ callsPath });
	const headers = { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' };
	const numbers = { from_number: '+917971441943', to_number: '+919876543210' };
	const body = JSON.stringify({ assistant_id: 'asst_demo', ...numbers });
	const post = async (path: string) => await fetch(url + path, { method: 'POST', headers, body });
	expect((await post(callsPath)).status).toBe(200);
	const refused = await post(other);
	expect([refused.status, await refused.text()]).toEqual([404, `Cannot POST ${other}`]);
	await close();
});

it('the workspace generation initiates a call and reads it back', async () => {
	const { workspace, pass } = await sandboxWithClock({ ringMs: 1000, talkMs: 60_000 });
	const created = await workspace.create({ input_parameters: { name: 'Asha' } });
	const { call_id } = created.body;
	expect(created.body).toEqual({
		success: true,
		call_id: expect.any(String),
		status: 'initiated',
		message: expect.any(String),
	});
	expect((await workspace.detail(call_id)).body.call).toMatchObject({ status: 'initiated' });

	pass(61_000);
	const summary = {
		call_id,
		agent_id: 'asst_demo',
		status: 'completed',
		direction: 'outbound',
		callee_phone: '9876543210',
		caller_phone: '7971441943',
		duration_seconds: 60,
		cost: '4.00 INR',
		started_at: '2026-05-22T07:00:00.200Z',
		ended_at: '2026-05-22T07:01:01.000Z',
	};
	expect((await workspace.detail(call_id)).body).toEqual({
		success: true,
		call: { ...summary, billed_duration_seconds: 60 },
		input_parameters: { name: 'Asha' },
		output_parameters: { answered: true },
		recording: { url: expect.any(String), expires_at: expect.any(String) },
		transcript: { url: expect.any(String), expires_at: expect.any(String) },
	});
	expect((await workspace.logs()).body).toEqual({ success: true, calls: [summary] });
});

it('the workspace generation lists the newest call first', async () => {
	const { workspace, pass } = await sandboxWithClock();
	const first = (await workspace.create()).body.call_id;
	pass(1);
	const second = (await workspace.create()).body.call_id;
	const { body } = await workspace.logs();
	expect(body.calls).toMatchObject([{ call_id: second }, { call_id: first }]);
});

it('the workspace generation shows the calls of a workspace to all its keys, and to no other', async () => {
	const secret = 'sandbox-secret';
	const key = (name: string, workspaceId: string) => ({
		workspaceId,
		key: name,
		secret,
		access: true,
	});
	const { workspace, sandbox } = await sandboxWithClock({
		workspaceKeys: [
			key('sandbox-key', 'ws_sandbox'),
			key('second-key', 'ws_sandbox'),
			key('foreign-key', 'ws_foreign'),
		],
		concurrentCalls: 1,
	});
	const as = (name: string, workspaceId: string) => ({
		authorization: `Basic ${btoa(`${name}:${secret}`)}`,
		'x-workspace-id': workspaceId,
	});
	const second = as('second-key', 'ws_sandbox');
	const foreign = as('foreign-key', 'ws_foreign');
	const { call_id } = (await workspace.create()).body;

	expect((await workspace.logs(second)).body.calls).toMatchObject([{ call_id }]);
	expect((await workspace.detail(call_id, second)).status).toBe(200);
	expect((await workspace.logs(foreign)).body.calls).toEqual([]);
	expect((await workspace.detail(call_id, foreign)).status).toBe(404);
	// Limits apply to a key, not to a workspace.
	expect((await workspace.create()).status).toBe(429);
	expect((await workspace.create({}, second)).status).toBe(200);
	expect(sandbox.seen.mostLive).toBe(1);
});

it('the workspace generation has its own envelope, without a code', async () => {
	const { workspace } = await sandboxWithClock();
	const envelope = (statusCode: number) => ({
		success: false,
		statusCode,
		message: expect.any(String),
	});
	const wrong = { authorization: `Basic ${btoa('sandbox-key:wrong')}` };
	const noAccess = {
		authorization: `Basic ${btoa('sandbox-key-without-access:sandbox-secret')}`,
	};
	for (const [expected, answer] of [
		[401, await workspace.logs(wrong)],
		[401, await workspace.logs({ authorization: 'Bearer sandbox-key' })],
		[403, await workspace.logs({ 'x-workspace-id': 'ws_of_others' })],
		[403, await workspace.logs(noAccess)],
		[404, await workspace.detail('call_unheard_of')],
		[404, await workspace.get('/api/call/nothing')],
		[400, await workspace.create({ agent_id: 'asst_draft' })],
		[400, await workspace.create({ agent_id: 'asst_unheard_of' })],
	] as const) {
		expect(answer.status).toBe(expected);
		expect(answer.body).toEqual(envelope(expected));
	}
});

it('the workspace generation wants to know the workspace', async () => {
	const { sandbox } = await sandboxWithClock();
	const authorization = `Basic ${btoa('sandbox-key:sandbox-secret')}`;
	const { status } = await send(`${sandbox.url}/api/call/logs`, { headers: { authorization } });
	expect(status).toBe(401);
});

it.each([
	[{ callee_phone: TO }, 'callee_phone'],
	[{ callee_phone: '987654321' }, 'callee_phone'],
	[{ caller_phone: '07971441943' }, 'caller_phone'],
	[{ caller_phone: 7971441943 }, 'caller_phone'],
	[{ agent_id: undefined }, 'agent_id'],
	[{ input_parameters: [] }, 'input_parameters'],
	[{ input_parameters: undefined }, 'input_parameters'],
])('the workspace generation says of %j which field is invalid', async (change, field) => {
	const { workspace } = await sandboxWithClock();
	const { status, body } = await workspace.create(change);
	expect(status).toBe(422);
	expect(body).toEqual({
		success: false,
		statusCode: 422,
		message: expect.any(String),
		validationErrors: { [field]: [expect.any(String)] },
	});
});

it('the workspace generation wants a call_id to look up', async () => {
	const { workspace } = await sandboxWithClock();
	expect((await workspace.get('/api/call/detail')).body).toMatchObject({
		statusCode: 422,
		validationErrors: { call_id: [expect.any(String)] },
	});
});

it('the limit of requests lets 60 through in any minute, of any kind, and refuses the next', async () => {
	const { read, create, pass, sandbox } = await sandboxWithClock({ countRefused: false });
	await create();
	pass(30_000);
	for (let i = 0; i < 59; i++) await read('any');
	const refused = await read('any');
	expect(refused.status).toBe(429);
	expect(refused.body).toEqual(error(429, 'RATE_LIMIT_EXCEEDED'));
	expect(refused.headers.has('retry-after')).toBe(false);

	pass(29_999);
	expect((await read('any')).status).toBe(429);
	pass(1);
	expect((await read('any')).status).toBe(404);
	expect((await read('any')).status).toBe(429);
	expect(sandbox.seen.refusals).toBe(3);
	// All requests except the create, which had left the window before the last two.
	expect(sandbox.seen.mostInAnyWindow).toBe(63);
});

it('the limit of requests counts refused requests too, as long as that is not switched off', async () => {
	const { read, pass, sandbox } = await sandboxWithClock({
		requestsPerMinute: 1,
		windowMs: 100,
	});
	expect((await read('any')).status).toBe(404);
	pass(99);
	expect((await read('any')).status).toBe(429);
	pass(99);
	expect((await read('any')).status).toBe(429);
	sandbox.limits.countRefused = false;
	pass(99);
	expect((await read('any')).status).toBe(429);
	pass(1);
	expect((await read('any')).status).toBe(404);
});

it('the limit of requests says how long to wait where that is switched on', async () => {
	const { read, pass } = await sandboxWithClock({ requestsPerMinute: 1, retryAfter: true });
	await read('any');
	pass(10_500);
	expect((await read('any')).headers.get('retry-after')).toBe('60');
});

it('the limit of requests counts each key for itself, and no strangers', async () => {
	const { read, workspace, sandbox } = await sandboxWithClock({ requestsPerMinute: 1 });
	const noAccess = { authorization: 'Bearer sandbox-key-without-access' };
	expect((await read('any', { authorization: 'Bearer wrong' })).status).toBe(401);
	expect((await read('any', { authorization: 'Bearer wrong' })).status).toBe(401);
	expect((await read('any')).status).toBe(404);
	expect((await workspace.logs()).status).toBe(200);
	expect((await read('any', noAccess)).status).toBe(403);
	expect((await read('any', noAccess)).status).toBe(429);
	expect((await workspace.logs()).body).toEqual({
		success: false,
		statusCode: 429,
		message: 'Limit of 1 requests a minute reached',
	});
	expect(sandbox.seen.mostInAnyWindow).toBe(2);
});

it('the limit of requests can be counted in another way', async () => {
	const { read } = await sandboxWithClock({ counting: () => ({ arrive: () => 1 }) });
	expect((await read('any')).status).toBe(429);
});

it('the limit of live calls refuses a fourth call until one of the three has ended', async () => {
	const { create, pass, sandbox } = await sandboxWithClock({ ringMs: 10, talkMs: 90 });
	await create();
	pass(50);
	await create();
	await create();
	const refused = await create();
	expect(refused.status).toBe(429);
	expect(refused.body).toEqual({
		success: false,
		error: {
			code: 'RATE_LIMIT_EXCEEDED',
			message: 'Limit of 3 concurrent calls reached',
			status: 429,
		},
	});
	pass(49);
	expect((await create()).status).toBe(429);
	pass(1);
	expect((await create()).status).toBe(200);
	expect(sandbox.seen.mostLive).toBe(3);
	expect(sandbox.seen.perNumber()).toEqual({ [TO]: 4 });
});

it('the limit of live calls can be switched off, and then only counts', async () => {
	const { create, sandbox } = await sandboxWithClock({ refuseConcurrent: false });
	for (let i = 0; i < 5; i++) expect((await create()).status).toBe(200);
	expect(sandbox.seen.mostLive).toBe(5);
});

it('the limit of live calls can be changed while running, and says how long to wait when asked to', async () => {
	const { create, sandbox } = await sandboxWithClock({ concurrentCalls: 1, retryAfter: true });
	await create();
	expect((await create()).headers.get('retry-after')).toBe('3');
	sandbox.limits.concurrentCalls = 2;
	expect((await create()).status).toBe(200);
});

const HOUR_MS = 3_600_000;
/** The fake clock begins at 12:30 in India. */
const HALF_PAST_EIGHT = 20 * HOUR_MS;
const asleep = { sleepsAtNight: true, ringMs: 10_000, talkMs: 20_000 };

it.each([
	['at 20:59:59 begins at once', 8.5 * HOUR_MS - 1_000, 2_000],
	['at 21:00 begins at 9:00', 8.5 * HOUR_MS, 12 * HOUR_MS + 2_000],
	['at midnight begins at 9:00', 11.5 * HOUR_MS, 9 * HOUR_MS + 2_000],
	['at 8:30 begins at 9:00', HALF_PAST_EIGHT, HOUR_MS / 2 + 2_000],
	['at 9:00 begins at once', HALF_PAST_EIGHT + HOUR_MS / 2, 2_000],
])('a call that is placed %s', async (_, placedAfter, begunAfter) => {
	const { workspace, pass } = await sandboxWithClock(asleep);
	pass(placedAfter);
	await workspace.create();
	pass(begunAfter - 1);
	const queued = { status: 'initiated', started_at: null, ended_at: null };
	expect((await workspace.logs()).body.calls).toMatchObject([queued]);
	pass(1);
	expect((await workspace.logs()).body.calls).toMatchObject([
		{ status: 'ringing', started_at: expect.stringMatching(/Z$/) },
	]);
});

it('a call at night holds no line, and the calls hold one each once they have begun', async () => {
	const { workspace, pass, sandbox } = await sandboxWithClock(asleep);
	pass(HALF_PAST_EIGHT);
	for (let i = 0; i < 4; i++) expect((await workspace.create()).status).toBe(200);
	expect(sandbox.seen.mostLive).toBe(0);
	pass(HOUR_MS / 2);
	expect((await workspace.create()).status).toBe(429);
});

it('the night is no different from the day unless it is asked for', async () => {
	const { workspace, pass } = await sandboxWithClock({ ringMs: 0, talkMs: 0 });
	pass(HALF_PAST_EIGHT);
	await workspace.create();
	expect((await workspace.logs()).body.calls).toMatchObject([{ status: 'completed' }]);
});

it('"place and 500" has trouble, and the call is placed all the same', async () => {
	const { workspace, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, 'place and 500');
	const { status, body } = await workspace.create();
	expect(status).toBe(500);
	expect(body).toMatchObject({ success: false, statusCode: 500 });
	expect(sandbox.seen.callsTo(TO)).toHaveLength(1);
});

it.each([
	['500 once', [500, 200]],
	['500 twice', [500, 500, 200]],
	['503 once', [503, 200]],
	['429 once', [429, 200]],
	['500 always', [500, 500, 500]],
	['503 always', [503, 503, 503]],
	['429 always', [429, 429, 429]],
] as const)('"%s" answers %j', async (behaviour, statuses) => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, behaviour);
	for (const expected of statuses) expect((await create()).status).toBe(expected);
	expect(sandbox.seen.callsTo(TO)).toHaveLength(statuses.at(-1) === 200 ? 1 : 0);
});

it.each([
	['500 always', 500, error(500, 'INTERNAL_ERROR')],
	['429 always', 429, error(429, 'RATE_LIMIT_EXCEEDED')],
	['refused', 400, error(400, 'INVALID_NUMBER')],
	['envelope under 200', 200, error(400, 'INVALID_NUMBER')],
	['unknown code', 400, error(400, 'QUOTA_OF_WORKSPACE_USED')],
	['422', 422, { validation_errors: { to_number: ['to_number is invalid'] } }],
	['422 other', 422, { validation_errors: { input_parameters: [expect.any(String)] } }],
] as const)('"%s" has the envelope of its generation', async (behaviour, status, body) => {
	const { create, workspace, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, behaviour);
	const answer = await create();
	expect(answer.status).toBe(status);
	expect(answer.body).toMatchObject(body);

	const other = await workspace.create();
	expect(other.status).toBe(status);
	expect(other.body).toMatchObject({ success: false, statusCode: expect.any(Number) });
	expect(other.body).not.toHaveProperty('error');
	expect(sandbox.seen.calls).toEqual([]);
});

it('a refusal names the called number as the workspace generation does', async () => {
	const { workspace, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, '422');
	expect((await workspace.create()).body.validationErrors).toEqual({
		callee_phone: ['callee_phone is invalid'],
	});
});

it.each([
	['502 html', 502, 'text/html', /^<html>/, 0],
	['504 html', 504, 'text/html', /^<html>/, 0],
	['teapot', 418, 'text/plain', /teapot/, 0],
	['empty 200', 200, 'text/plain', /^$/, 1],
	['odd 200', 200, 'application/json', /^{"success":true}$/, 1],
] as const)('"%s" gives an undocumented answer', async (behaviour, status, type, text, calls) => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, behaviour);
	const answer = await create();
	expect(answer.status).toBe(status);
	expect(answer.headers.get('content-type')).toBe(type);
	expect(answer.text).toMatch(text);
	expect(sandbox.seen.callsTo(TO)).toHaveLength(calls);
});

it.each([
	['cut', 0],
	['place and cut', 1],
] as const)('"%s" severs the connection', async (behaviour, calls) => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, behaviour);
	await expect(create()).rejects.toThrow('fetch failed');
	expect(sandbox.seen.callsTo(TO)).toHaveLength(calls);
	expect(sandbox.seen.requests[0]?.status).toBeNull();
});

it.each([
	['hang', 0],
	['place and hang', 1],
] as const)('"%s" never answers, and close() ends it', async (behaviour, calls) => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, behaviour);
	const hanging = expect(create()).rejects.toThrow('fetch failed');
	await expect.poll(() => sandbox.seen.requests).toHaveLength(1);
	await expect.poll(() => sandbox.seen.callsTo(TO)).toHaveLength(calls);
	await sandbox.close();
	await hanging;
	expect(sandbox.seen.callsTo(TO)).toHaveLength(calls);
	expect(sandbox.seen.requests[0]?.status).toBeNull();
});

it('"slow" places at once and answers late', async () => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, { kind: 'slow', ms: 60 });
	const start = performance.now();
	expect((await create()).status).toBe(200);
	expect(performance.now() - start).toBeGreaterThan(55);

	sandbox.behave(TO, { kind: 'slow', ms: 600_000 });
	const client = new AbortController();
	const pending = fetch(`${sandbox.url}/v1/calls`, {
		method: 'POST',
		signal: client.signal,
		headers: { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' },
		body: JSON.stringify(apiKeyClient('').order),
	});
	await expect.poll(() => sandbox.seen.callsTo(TO)).toHaveLength(2);
	client.abort();
	await expect(pending).rejects.toThrow('aborted');
});

it('"slow" is by the clock of the test', async () => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, { kind: 'slow', ms: 600_000 });
	vi.useFakeTimers({ toFake: ['setTimeout'] });
	try {
		const answered = create();
		while (sandbox.seen.callsTo(TO).length === 0) await nextTurn();
		vi.advanceTimersByTime(599_999);
		for (let turn = 0; turn < 20; turn++) await nextTurn();
		expect(sandbox.seen.requests[0]?.status).toBeNull();
		vi.advanceTimersByTime(1);
		expect((await answered).status).toBe(200);
	} finally {
		vi.useRealTimers();
	}
});

it('"unanswered" rings and fails', async () => {
	const { create, read, pass, sandbox } = await sandboxWithClock({ ringMs: 1000 });
	sandbox.behave(TO, 'unanswered');
	const { call_id } = (await create()).body;
	pass(999);
	expect((await read(call_id)).body.status).toBe('ringing');
	pass(1);
	const { body } = await read(call_id);
	expect(body).toMatchObject({ status: 'failed', duration_seconds: 0, output_parameters: {} });
	expect(body).not.toHaveProperty('recording');
});

it('a 429 can say how long to wait', async () => {
	const { create, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, { kind: '429', times: 1, retryAfterSeconds: 7 });
	expect((await create({ to_number: '+919876543211' })).status).toBe(200);
	expect((await create()).headers.get('retry-after')).toBe('7');
	expect((await create()).status).toBe(200);
	expect(sandbox.seen.refusals).toBe(1);
});

it('rare cases can be spelt out', async () => {
	const { create, sandbox } = await sandboxWithClock();
	const headers = { 'x-from': 'test' };
	sandbox.behave(TO, {
		kind: 'answer',
		status: 402,
		headers,
		body: { pay: 'up' },
		times: 1,
		places: true,
	});
	const answer = await create();
	expect(answer.status).toBe(402);
	expect(answer.headers.get('x-from')).toBe('test');
	expect(answer.body).toEqual({ pay: 'up' });
	expect(sandbox.seen.callsTo(TO)).toHaveLength(1);
	expect((await create()).status).toBe(200);
});

it('a behaviour concerns only its number, which is the same on both generations', async () => {
	const { create, workspace, sandbox } = await sandboxWithClock();
	sandbox.behave(TO, '500 always');
	expect((await create({ to_number: '+919876543211' })).status).toBe(200);
	expect((await workspace.create()).status).toBe(500);
	expect(() => sandbox.behave('9876543210', 'cut')).toThrow('not an E.164 number');
});

it('the magic numbers misbehave again and again', async () => {
	const { create, sandbox } = await sandboxWithClock({ refuseConcurrent: false });
	const to = async (to_number: string) => (await create({ to_number })).status;
	expect(await to('+919999900500')).toBe(500);
	expect(await to('+919999900422')).toBe(422);
	for (const expected of [500, 500, 200, 500, 500, 200]) {
		expect(await to('+919999900505')).toBe(expected);
	}
	sandbox.behave('+919999900500', '503 once');
	expect(await to('+919999900500')).toBe(503);
	expect(await to('+919999900500')).toBe(200);
	sandbox.reset();
	expect(await to('+919999900500')).toBe(500);
	expect(Object.keys(magicNumbers).every((number) => /^\+91\d{10}$/.test(number))).toBe(true);
});

it.each([
	['500 always', 500],
	['503 always', 503],
	['502 html', 502],
	['429 always', 429],
	['odd 200', 200],
	['empty 200', 200],
] as const)('"%s" answers %i to every read, and to no create', async (behaviour, status) => {
	const { create, read, workspace, sandbox } = await sandboxWithClock();
	sandbox.behaveReads('*', behaviour);
	expect((await read((await create()).body.call_id)).status).toBe(status);
	expect((await workspace.detail('any')).status).toBe(status);
	const logs = await workspace.logs();
	expect(logs.status).toBe(status);
	expect(logs.body).not.toHaveProperty('calls');
});

it('misbehaving reads of one call leave the others alone', async () => {
	const { create, read, sandbox } = await sandboxWithClock();
	const one = String((await create()).body.call_id);
	const other = (await create()).body.call_id;
	sandbox.behaveReads(one, '500 once');
	expect((await read(other)).status).toBe(200);
	expect((await read(one)).status).toBe(500);
	expect((await read(one)).status).toBe(200);
	sandbox.behaveReads(one, 'cut');
	await expect(read(one)).rejects.toThrow('fetch failed');
});

it('the sandbox tells requests and calls in order, with what came along', async () => {
	const { create, read, sandbox, order } = await sandboxWithClock();
	const { call_id } = (
		await create({ input_parameters: { name: 'Asha' } }, { 'idempotency-key': 'entry-1' })
	).body;
	await read(call_id, { authorization: 'Bearer wrong' });

	expect(sandbox.seen.requests).toMatchObject([
		{
			method: 'POST',
			path: '/v1/calls',
			status: 200,
			generation: 'apiKey',
			key: 'apiKey:sandbox-key',
			headers: { 'idempotency-key': 'entry-1', 'content-type': 'application/json' },
		},
		{ method: 'GET', path: `/v1/calls/${String(call_id)}`, status: 401, key: null },
	]);
	expect(sandbox.seen.calls).toMatchObject([
		{
			call_id,
			number: TO,
			assistant: 'asst_demo',
			idempotencyKey: 'entry-1',
			input_parameters: { name: 'Asha' },
			body: { ...order, input_parameters: { name: 'Asha' } },
			placedAt: Date.UTC(2026, 4, 22, 7),
		},
	]);
});

it('the sandbox dials again for the same Idempotency-Key, as Twenty2 documents none', async () => {
	const { create, sandbox } = await sandboxWithClock();
	await create({}, { 'idempotency-key': 'entry-1' });
	await create({}, { 'idempotency-key': 'entry-1' });
	expect(sandbox.seen.perNumber()).toEqual({ [TO]: 2 });
});

it('the sandbox counts requests in flight, one after another as one', async () => {
	const { read, sandbox } = await sandboxWithClock();
	for (let i = 0; i < 20; i++) await read('any');
	expect(sandbox.seen.mostInFlight).toBe(1);
	sandbox.behaveReads('*', 'hang');
	const hanging = Promise.allSettled([read('any'), read('any'), read('any')]);
	await expect.poll(() => sandbox.seen.mostInFlight).toBe(3);
	await sandbox.close();
	await hanging;
});

it('the sandbox forgets everything on reset', async () => {
	const { create, sandbox } = await sandboxWithClock({ requestsPerMinute: 1 });
	sandbox.behave(TO, '500 always');
	sandbox.behaveReads('*', 'cut');
	await create();
	sandbox.reset();
	expect(JSON.parse(JSON.stringify(sandbox.seen))).toEqual({
		requests: [],
		calls: [],
		perNumber: {},
		mostInFlight: 0,
		mostLive: 0,
		mostInAnyWindow: 0,
		refusals: 0,
	});
	expect((await create()).status).toBe(200);
});

it('the sandbox is told what to do, and tells what it saw, without a key from another process', async () => {
	const { create, read, sandbox } = await sandboxWithClock();
	const post = (path: string, body: object) =>
		send(sandbox.url + path, { method: 'POST', body: JSON.stringify(body) });
	const { call_id } = (await create()).body;

	await post('/sandbox/behave', { number: TO, behaviour: { kind: '429', times: 1 } });
	await post('/sandbox/behave', { call_id, behaviour: '502 html' });
	expect((await create()).status).toBe(429);
	expect((await read(call_id)).status).toBe(502);

	const seen = (await send(`${sandbox.url}/sandbox`, {})).body;
	expect(seen).toMatchObject({ perNumber: { [TO]: 1 }, refusals: 1, mostInAnyWindow: 3 });
	expect(seen.requests).toHaveLength(3);

	expect((await post('/sandbox/reset', {})).status).toBe(200);
	expect(sandbox.seen.calls).toEqual([]);
	expect((await create()).status).toBe(200);
});

it('the sandbox says what is wrong with a behaviour that it does not know', async () => {
	const { sandbox } = await sandboxWithClock();
	for (const body of ['{', '{}', JSON.stringify({ number: TO, behaviour: '501 once' })]) {
		const { status } = await send(`${sandbox.url}/sandbox/behave`, { method: 'POST', body });
		expect(status).toBe(400);
	}
	expect((await send(`${sandbox.url}/sandbox/nothing`, {})).status).toBe(404);
});

it('the command prints address, keys, assistants and numbers, and answers', async () => {
	const child = spawn(process.execPath, ['--import', 'tsx', 'sandbox/cli.ts', '--port', '0']);
	try {
		let printed = '';
		for await (const chunk of child.stdout) {
			printed += String(chunk);
			if (printed.includes('/sandbox\n')) break;
		}
		for (const expected of ['sandbox-key / sandbox-secret in ws_sandbox', 'asst_demo']) {
			expect(printed).toContain(expected);
		}
		expect(printed).toContain('+919999900500  500 always');
		const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? '';
		expect((await apiKeyClient(url).create()).status).toBe(200);
	} finally {
		child.kill();
	}
});
