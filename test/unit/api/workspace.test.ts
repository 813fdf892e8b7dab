import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { HttpAnswer } from '../../../nodes/Twenty2/api/transport';
import { callsLike, workspace } from '../../../nodes/Twenty2/api/workspace';
import type { JsonObject } from '../../../nodes/Twenty2/json';
import { call as newCall, created, read, sending, speaking, speakingNothing } from './speaking';

const NOW = Date.UTC(2026, 4, 22, 6, 30);
const SECOND = 1_000;

const at = (ms: number) => new Date(ms).toISOString();
const date = (ms: number) => new Date(ms).toUTCString();

const wanted = {
	assistantId: 'asst_demo',
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
	inputParameters: {},
	additionalFields: {},
};

/** A call as Twenty2 lists it, to the person, from the number and by the assistant that are wanted. */
const call = (started_at: unknown, call_id = 'call_1', more: JsonObject = {}): JsonObject => ({
	call_id,
	agent_id: 'asst_demo',
	status: 'ringing',
	callee_phone: '9876543210',
	caller_phone: '7971441943',
	started_at,
	...more,
});

beforeEach(() => {
	vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
	vi.useRealTimers();
});

const sentAt = NOW - 5 * SECOND;
const like = (calls: JsonObject[], theirs = date(NOW)) => {
	const { begun, perhaps } = callsLike(wanted, calls, sentAt, theirs);
	return { begun: begun.map(({ call_id }) => call_id), perhaps };
};
const none = { begun: [], perhaps: [] };
const noDate = '';

it('the calls since a create are those that began then or later', () => {
	const calls = [
		call(at(sentAt + 3 * SECOND), 'later'),
		call(at(sentAt), 'then'),
		call(at(sentAt - 10 * SECOND), 'before'),
	];
	expect(like(calls)).toEqual({ ...none, begun: ['later', 'then'] });
	expect(like(calls, noDate).begun).toEqual(['later', 'then']);
});

it('the calls since a create are not those that somebody placed seconds before', () => {
	const calls = [1_001, 2 * SECOND, 3 * SECOND].map((ms) => call(at(sentAt - ms)));
	expect(like(calls)).toEqual(none);
	expect(like([call(at(sentAt - SECOND))]).begun).toHaveLength(1);
});

it('the calls since a create come with what Create Call gives of them', () => {
	expect(callsLike(wanted, [call(at(NOW))], sentAt).begun).toEqual([
		{ call_id: 'call_1', status: 'ringing' },
	]);
});

it('the calls since a create may be told in whole seconds', () => {
	const sent = NOW - 5 * SECOND + 900;
	const whole = call('2026-05-22T06:29:55Z');
	expect(callsLike(wanted, [whole], sent, date(NOW)).begun).toHaveLength(1);
});

it.each([-30, -2, 2, 30])(
	'the calls since a create are told by a clock that is %i minutes ahead',
	(minutes) => {
		const ahead = minutes * 60 * SECOND;
		const calls = [
			call(at(sentAt + ahead + SECOND), 'since'),
			call(at(sentAt + ahead - 10 * SECOND), 'before'),
		];
		expect(like(calls, date(NOW + ahead))).toEqual({ ...none, begun: ['since'] });
	},
);

it('the calls since a create may be told in another time zone', () => {
	expect(like([call('2026-05-22T12:00:00+05:30')]).begun).toHaveLength(1);
	expect(like([call('2026-05-22T11:00:00+05:30')])).toEqual(none);
});

it.each([
	...[null, undefined, '', 'yesterday', 0, NOW],
	...['2026-05-22 06:30:00', '2026-05-22T06:30:00', '2020-01-01T06:30:00'],
])('a call whose start is %j may have begun since a create', (started_at) => {
	expect(like([call(started_at)])).toEqual({ ...none, perhaps: ['call_1'] });
});

it.each(['queued', 'initiated', 'Scheduled', 'PENDING'])(
	'a call that is %s may have begun since a create, whatever its start or its end',
	(status) => {
		const long = '0001-01-01T00:00:00Z';
		const calls = [call(long, 'start', { status }), call(null, 'end', { status, ended_at: long })];
		expect(like(calls)).toEqual({ ...none, perhaps: ['start', 'end'] });
		expect(like([call(at(NOW), 'begun', { status })])).toEqual({ ...none, begun: ['begun'] });
	},
);

it('a call without a start that ended since a create may be the one, and one that ended before is not', () => {
	const ended = (ms: number, call_id: string) =>
		call(null, call_id, { status: 'failed', ended_at: at(ms) });
	const calls = [ended(sentAt + SECOND, 'since'), ended(sentAt - 2 * SECOND, 'before')];
	expect(like(calls)).toEqual({ ...none, perhaps: ['since'] });
});

it.each(['', 'soon', 'Fri, 32 May', 'soon GMT'])(
	'the calls since a create are found by this clock when theirs says %j',
	(theirs) => {
		expect(like([call(at(NOW))], theirs).begun).toHaveLength(1);
	},
);

it('a call of the hour before may be the one where their clock is not known', () => {
	const calls = [
		call(at(sentAt - 59 * 60 * SECOND), 'within the hour'),
		call(at(sentAt - 61 * 60 * SECOND), 'before'),
	];
	expect(like(calls, noDate)).toEqual({ ...none, perhaps: ['within the hour'] });
});

const listed = call(at(NOW));
const callsIn = async (body: unknown, status = 200) => {
	const answer: HttpAnswer = { status, body, date: date(NOW) };
	const { callsSince } = workspace.speak(async () => await Promise.resolve(answer));
	return await callsSince?.(wanted, NOW, { timeoutMs: 1_000 });
};

it('a call is known by its assistant and both numbers', async () => {
	const calls = [
		listed,
		{ ...listed, call_id: 'other_assistant', agent_id: 'asst_other' },
		{ ...listed, call_id: 'other_person', callee_phone: '9876543211' },
		{ ...listed, call_id: 'other_line', caller_phone: '7971441944' },
		{ ...listed, call_id: 'nobody', callee_phone: undefined },
	];
	expect(await callsIn({ success: true, calls })).toEqual({
		begun: [{ call_id: 'call_1', status: 'ringing' }],
		perhaps: [],
	});
	expect(await callsIn({ success: true, calls: [] })).toMatchObject({ begun: [], perhaps: [] });
});

it.each([
	{ callee_phone: '+919876543210', caller_phone: '+917971441943' },
	{ callee_phone: '919876543210', caller_phone: '07971441943' },
	{ callee_phone: 9_876_543_210, caller_phone: '+91 79714 41943' },
])('the numbers of a call are known however they are written: %j', async (numbers) => {
	const calls = [{ ...listed, ...numbers }];
	expect(await callsIn({ success: true, calls })).toMatchObject({
		begun: [{ call_id: 'call_1' }],
	});
});

it.each([
	['no list', { success: true }],
	['a list of something else', { success: true, calls: [{ id: 1 }] }],
	['a page', '<html></html>'],
])('an answer of %s is not taken for an empty list', async (_, body) => {
	await expect(callsIn(body)).rejects.toMatchObject({ fields: { code: 'INVALID_RESPONSE' } });
});

const codeOf = async (status: number, body: unknown) => {
	const { getCall } = workspace.speak(async () => await Promise.resolve({ status, body }));
	return await getCall('call_1', { timeoutMs: 1_000 }).catch((error: unknown) => error);
};
const refusal = { success: false, statusCode: 404, message: 'No such call' };

it.each([404, 200])('an envelope under %i says that a call is not there', async (status) => {
	expect(await codeOf(status, refusal)).toMatchObject({
		fields: {
			code: 'CALL_NOT_FOUND',
			message: 'No such call',
			description: expect.stringContaining('Check the Call ID'),
			status: 404,
			source: 'twenty2',
		},
	});
});

it.each<[string, number, unknown, string]>([
	['a page under 404', 404, '<h1>Not here</h1>', 'NOT_FOUND'],
	['another refusal', 403, { ...refusal, statusCode: 403 }, 'FORBIDDEN'],
	['a code of its own', 404, { success: false, error: { code: 'GONE', status: 404 } }, 'GONE'],
])('%s does not say that a call is not there', async (_, status, body, code) => {
	expect(await codeOf(status, body)).toMatchObject({ fields: { code } });
});

it('creates with national numbers', async () => {
	const { sent, twenty2 } = speaking(workspace, created);
	const answer = await twenty2.createCall(newCall, sending);
	expect(answer).toEqual({ call_id: 'call_1', status: 'queued' });
	expect(sent).toEqual([
		{
			dials: true,
			method: 'POST',
			path: '/api/agent/trigger-outbound-call',
			headers: { 'Idempotency-Key': 'entry_1' },
			body: {
				agent_id: 'asst_1',
				callee_phone: '9871532305',
				caller_phone: '7971441943',
				input_parameters: { customerName: 'Asha' },
				priority: 1,
			},
			timeoutMs: 5_000,
		},
	]);
});

it('reads a call by its ID', async () => {
	const { sent, twenty2 } = speaking(workspace, read);
	expect(await twenty2.getCall('call_1', { timeoutMs: 1 })).toEqual(read);
	const query = { call_id: 'call_1' };
	expect(sent).toEqual([
		{ dials: false, method: 'GET', path: '/api/call/detail', query, timeoutMs: 1 },
	]);
});

it.each(['+14155550100', '+91987153230', '+9198715323051', '+929871532305'])(
	'does not dial %s, which would ring somebody else in India',
	(number) => {
		const objection = workspace.speak(speakingNothing).whyNotDialable(number);
		expect(objection).toContain('not an Indian number');
	},
);

it('dials an Indian number', () => {
	expect(workspace.speak(speakingNothing).whyNotDialable('+919871532305')).toBeUndefined();
});

it('gives a call the public names', () => {
	const call = { call_id: 'call_1', agent_id: 'asst_1', caller_phone: '7971441943' };
	const { unify } = workspace.speak(speakingNothing);
	expect(unify({ ...call, callee_phone: '9871532305' })).toEqual({
		call_id: 'call_1',
		to_number: '+919871532305',
		from_number: '+917971441943',
		assistant_id: 'asst_1',
	});
});

it('lists calls, of which there may be 10 MB', async () => {
	const calls = [{ call_id: 'call_1', status: 'completed', more: 1 }];
	const { sent, twenty2 } = speaking(workspace, { success: true, calls });
	expect(await twenty2.listCalls?.({ page: '2' }, { timeoutMs: 1 })).toEqual(calls);
	expect(sent).toEqual([
		{
			dials: false,
			method: 'GET',
			path: '/api/call/logs',
			query: { page: '2' },
			maxBytes: 10_000_000,
			timeoutMs: 1,
		},
	]);
});

it('looks for calls in all that are listed', async () => {
	const { sent, twenty2 } = speaking(workspace, { success: true, calls: [] });
	expect(await twenty2.callsSince?.(newCall, NOW, { timeoutMs: 1 })).toMatchObject({ begun: [] });
	expect(sent).toMatchObject([{ path: '/api/call/logs', maxBytes: 10_000_000, timeoutMs: 1 }]);
	expect(sent[0]).not.toHaveProperty('query');
});

const credential = {
	apiKey: 'key',
	apiSecret: 'secret',
	workspaceId: 'ws_1',
	baseUrl: 'https://api.twentytwo.in',
	requestsPerMinute: 60,
	concurrentCalls: 3,
};

it('reads a credential and signs with key and secret', () => {
	expect(workspace.account(credential)).toEqual({
		apiKey: 'key',
		baseUrl: 'https://api.twentytwo.in',
		limits: { requestsPerMinute: 60, concurrentCalls: 3 },
		headers: { Authorization: 'Basic a2V5OnNlY3JldA==', 'x-workspace-id': 'ws_1' },
	});
	expect(workspace.credentialType).toBe('twenty2WorkspaceApi');
});

it.each([
	['https://api.twentytwo.in/api', 'https://api.twentytwo.in'],
	['https://api.twentytwo.in//api', 'https://api.twentytwo.in'],
	['https://proxy.example/twenty2/api', 'https://proxy.example/twenty2'],
	['https://proxy.example/api/v2', 'https://proxy.example/api/v2'],
	['https://proxy.example/my-api', 'https://proxy.example/my-api'],
	// A host of that name, as containers have.
	['http://api', 'http://api'],
	['http://api/api/', 'http://api'],
])('takes the address %s, below which its paths begin with /api', (baseUrl, address) => {
	expect(workspace.account({ ...credential, baseUrl }).baseUrl).toBe(address);
});

it.each([
	['apiSecret', 'API Secret'],
	['workspaceId', 'Workspace ID'],
])('refuses a credential without its %s', (field, label) => {
	const given = { ...credential, [field]: undefined };
	expect(() => workspace.account(given)).toThrow(`${label} in the Twenty2 credential is empty`);
});
