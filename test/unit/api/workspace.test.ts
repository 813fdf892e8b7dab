import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { HttpAnswer } from '../../../nodes/Twenty2/api/transport';
import { startedSince, workspace } from '../../../nodes/Twenty2/api/workspace';

const NOW = Date.UTC(2026, 4, 22, 6, 30);
const SECOND = 1_000;

const at = (ms: number) => new Date(ms).toISOString();
const date = (ms: number) => new Date(ms).toUTCString();
const call = (started_at: unknown, call_id = 'call_1') => ({
	call_id,
	status: 'ringing',
	started_at,
});

beforeEach(() => {
	vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
	vi.useRealTimers();
});

describe('Calls started since a create was sent', () => {
	const sentAt = NOW - 5 * SECOND;
	const started = (calls: Array<ReturnType<typeof call>>, theirs?: string) =>
		startedSince(calls, sentAt, theirs).map(({ call_id }) => call_id);

	it('are those that began then or later', () => {
		const calls = [
			call(at(sentAt - 10 * SECOND), 'before'),
			call(at(sentAt), 'then'),
			call(at(sentAt + 3 * SECOND), 'later'),
		];
		expect(started(calls)).toEqual(['then', 'later']);
		expect(started(calls, date(NOW))).toEqual(['then', 'later']);
	});

	it('come with what Create Call gives of them', () => {
		expect(startedSince([call(at(NOW))], sentAt)).toEqual([
			{ call_id: 'call_1', status: 'ringing' },
		]);
	});

	it('may be told in whole seconds', () => {
		const sent = NOW - 5 * SECOND + 900;
		const whole = call('2026-05-22T06:29:55Z');
		expect(startedSince([whole], sent, date(NOW))).toHaveLength(1);
	});

	it.each([-30, -2, 2, 30])('are told by a clock that is %i minutes ahead', (minutes) => {
		const ahead = minutes * 60 * SECOND;
		const calls = [
			call(at(sentAt + ahead - 10 * SECOND), 'before'),
			call(at(sentAt + ahead + SECOND), 'since'),
		];
		expect(started(calls, date(NOW + ahead))).toEqual(['since']);
	});

	it('may be told in another time zone', () => {
		expect(started([call('2026-05-22T12:00:00+05:30')])).toHaveLength(1);
		expect(started([call('2026-05-22T11:00:00+05:30')])).toEqual([]);
	});

	it.each([null, undefined, '', 'yesterday', 0, NOW, '2026-05-22 06:30:00', '2026-05-22T06:30:00'])(
		'are not those whose start is %j',
		(started_at) => {
			expect(started([call(started_at)])).toEqual([]);
		},
	);

	it.each(['', 'soon', 'Fri, 32 May'])('are found by this clock when theirs says %j', (theirs) => {
		expect(started([call(at(NOW))], theirs)).toHaveLength(1);
	});
});

describe('The workspace API', () => {
	const listed = {
		call_id: 'call_1',
		agent_id: 'asst_demo',
		status: 'ringing',
		callee_phone: '9876543210',
		caller_phone: '7971441943',
		started_at: at(NOW),
	};
	const wanted = {
		assistantId: 'asst_demo',
		fromNumber: '+917971441943',
		toNumber: '+919876543210',
		inputParameters: {},
		additionalFields: {},
	};
	const callsIn = async (body: unknown, status = 200) => {
		const answer: HttpAnswer = { status, body, date: date(NOW) };
		const { callsSince } = workspace.speak(async () => await Promise.resolve(answer));
		return await callsSince?.(wanted, NOW, { timeoutMs: 1_000 });
	};

	it('knows a call by its assistant and both numbers', async () => {
		const calls = [
			listed,
			{ ...listed, call_id: 'other_assistant', agent_id: 'asst_other' },
			{ ...listed, call_id: 'other_person', callee_phone: '9876543211' },
			{ ...listed, call_id: 'other_line', caller_phone: '7971441944' },
			{ ...listed, call_id: 'nobody', callee_phone: undefined },
		];
		expect(await callsIn({ success: true, calls })).toEqual([
			{ call_id: 'call_1', status: 'ringing' },
		]);
		expect(await callsIn({ success: true, calls: [] })).toEqual([]);
	});

	it.each([
		['no list', { success: true }],
		['a list of something else', { success: true, calls: [{ id: 1 }] }],
		['a page', '<html></html>'],
	])('is not taken for one that lists nothing when it answers %s', async (_, body) => {
		await expect(callsIn(body)).rejects.toMatchObject({ fields: { code: 'INVALID_RESPONSE' } });
	});

	describe('says of a call that is looked up', () => {
		const codeOf = async (status: number, body: unknown) => {
			const { getCall } = workspace.speak(async () => await Promise.resolve({ status, body }));
			return await getCall('call_1', { timeoutMs: 1_000 }).catch((error: unknown) => error);
		};
		const refusal = { success: false, statusCode: 404, message: 'No such call' };

		it.each([404, 200])('that there is none, by its envelope under %i', async (status) => {
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
		])('nothing else by %s', async (_, status, body, code) => {
			expect(await codeOf(status, body)).toMatchObject({ fields: { code } });
		});
	});
});
