import { describe, expect, it } from 'vitest';

import { apiKey } from '../../../nodes/Twenty2/api/apiKey';
import {
	parseCreated,
	endOf,
	hasEnded,
	parseCalls,
	parseCall,
} from '../../../nodes/Twenty2/api/responses';
import { workspace } from '../../../nodes/Twenty2/api/workspace';
import { failureFrom } from './failureFrom';

const nothingSent = async () => await Promise.reject(new Error('nothing is sent here'));
const generations = { apiKey: apiKey.speak(nothingSent), workspace: workspace.speak(nothingSent) };

const refused = { success: false, error: { code: 'NO_CREDIT', message: 'top up', status: 402 } };

it.each([200, 201, 202])('parseCreated gives back all of a %i but success', (status) => {
	const body = { success: true, call_id: 'call_1', status: 'initiated', message: 'm', more: [1] };
	const answer = parseCreated({ status, body });
	expect(answer).toEqual({ call_id: 'call_1', status: 'initiated', message: 'm', more: [1] });
});

it('parseCreated needs no success in the answer', () => {
	expect(parseCreated({ status: 200, body: { call_id: 'call_1' } })).toEqual({
		call_id: 'call_1',
	});
});

it('parseCreated believes the envelope rather than the status', () => {
	const body = { success: true, call_id: 'call_1' };
	expect(parseCreated({ status: 500, body })).toEqual({ call_id: 'call_1' });
	expect(failureFrom(() => parseCreated({ status: 200, body: refused })).fields).toMatchObject({
		code: 'NO_CREDIT',
		status: 402,
		outcome: 'not_placed',
	});
});

it('parseCreated refuses a call_id under a status that is none of success without success', () => {
	const answer = { status: 502, body: { call_id: 'call_1' } };
	expect(failureFrom(() => parseCreated(answer)).fields).toMatchObject({
		code: 'OUTCOME_UNKNOWN',
		outcome: 'unknown',
	});
});

it('parseCreated takes a refusal for one even where it has a call_id', () => {
	const body = { ...refused, call_id: 'call_1' };
	expect(failureFrom(() => parseCreated({ status: 200, body })).fields.code).toBe('NO_CREDIT');
});

it.each<[string, unknown, string]>([
	['no call_id', { success: true }, 'no call_id'],
	['an empty call_id', { success: true, call_id: '' }, 'no call_id'],
	['a call_id that is a number', { success: true, call_id: 7 }, 'no call_id'],
	['a call_id of null', { success: true, call_id: null }, 'no call_id'],
	['success as text', { success: 'yes', call_id: 'call_1' }, 'no call_id'],
	['a page', '<html></html>', 'not a JSON object'],
	['nothing', '', 'not a JSON object'],
	['undefined', undefined, 'not a JSON object'],
	['null', null, 'not a JSON object'],
	['a list', [{ call_id: 'call_1' }], 'not a JSON object'],
])('parseCreated calls %s neither placed nor not placed', (_, body, what) => {
	expect(failureFrom(() => parseCreated({ status: 200, body })).fields).toMatchObject({
		code: 'INVALID_RESPONSE',
		message: expect.stringContaining(what),
		status: 200,
		source: 'n8n',
		outcome: 'unknown',
	});
});

describe('An answer that is too long', () => {
	const answer = { status: 200, body: undefined, longerThan: 1_000_000 };
	const message = 'Twenty2 answered with something unexpected: it is longer than 1 MB';

	it('an answer that is too long leaves a create in doubt', () => {
		expect(failureFrom(() => parseCreated(answer)).fields).toMatchObject({
			code: 'INVALID_RESPONSE',
			message,
			outcome: 'unknown',
		});
	});

	it('an answer that is too long is INVALID_RESPONSE to a read, whatever its status', () => {
		for (const status of [200, 502]) {
			const { fields } = failureFrom(() => parseCall({ ...answer, status }));
			expect(fields).toMatchObject({ code: 'INVALID_RESPONSE', message, status });
		}
	});
});

it('parseCalls gives the calls as they are', () => {
	const calls = [{ call_id: 'call_1', status: 'completed', more: 1 }];
	expect(parseCalls({ status: 200, body: { success: true, calls } })).toEqual(calls);
	expect(parseCalls({ status: 200, body: { calls: [] } })).toEqual([]);
});

it.each([{ success: true }, { calls: [{ call_id: 'call_1' }] }, { calls: {} }])(
	'parseCalls refuses %j, and puts no call in doubt',
	(body) => {
		const { fields } = failureFrom(() => parseCalls({ status: 200, body }));
		expect(fields).toMatchObject({
			code: 'INVALID_RESPONSE',
			message:
				'Twenty2 answered with something unexpected: it has no list of calls that have a call_id and a status each',
		});
		expect(fields).not.toHaveProperty('outcome');
	},
);

it('an answer with the status 300 is no success', () => {
	const call = { call_id: 'call_1', status: 'queued' };
	expect(failureFrom(() => parseCreated({ status: 300, body: call })).fields.code).toBe('HTTP_300');
	expect(failureFrom(() => parseCall({ status: 300, body: '' })).fields.code).toBe('HTTP_300');
	expect(parseCall({ status: 299, body: call })).toEqual(call);
});

it.each([
	['flat', { success: true, call_id: 'call_1', status: 'completed', more: null }],
	['nested', { success: true, call: { call_id: 'call_1', status: 'completed' }, recording: {} }],
	['flat without success', { call_id: 'call_1', status: 'completed' }],
])('parseCall gives a body that is %s back as it is', (_, body) => {
	expect(parseCall({ status: 200, body })).toEqual(body);
});

it.each<[string, unknown, string]>([
	['no status', { success: true, call_id: 'call_1' }, 'no call with'],
	['no call_id', { success: true, status: 'completed' }, 'no call with'],
	['a call without a status', { success: true, call: { call_id: 'call_1' } }, 'no call with'],
	[
		'a call whose call_id is a number',
		{ call_id: 'call_1', status: 'completed', call: { call_id: 1 } },
		'no call with',
	],
	['a call that is a list', { success: true, call: [] }, 'no call with'],
	['a status that is a number', { call_id: 'call_1', status: 3 }, 'no call with'],
	['a page', '<html></html>', 'not a JSON object'],
	['null', null, 'not a JSON object'],
])('parseCall refuses %s', (_, body, what) => {
	const { fields } = failureFrom(() => parseCall({ status: 200, body }));
	expect(fields).toMatchObject({
		code: 'INVALID_RESPONSE',
		message: expect.stringContaining(what),
		source: 'n8n',
	});
	expect(fields).not.toHaveProperty('outcome');
});

it('parseCall refuses under 200 what is a refusal', () => {
	const { fields } = failureFrom(() => parseCall({ status: 200, body: refused }));
	expect(fields).toMatchObject({ code: 'NO_CREDIT', status: 402, source: 'twenty2' });
});

const common = {
	call_id: 'call_1',
	status: 'completed',
	direction: 'outbound',
	duration_seconds: 0,
	cost: '15.67 INR',
	started_at: '2026-05-22T07:18:39.684Z',
	ended_at: null,
};
const around = { input_parameters: { name: 'Asha' }, output_parameters: {} };
const public_ = {
	...common,
	...around,
	assistant_id: 'asst_1',
	from_number: '+917971441943',
	to_number: '+919871532305',
	recording_url: 'https://r',
	transcript_url: 'https://t',
};
const links = {
	recording: { url: 'https://r', expires_at: 'x' },
	transcript: { url: 'https://t', expires_at: 'x' },
};
const theirs = {
	apiKey: { assistant_id: 'asst_1', from_number: '+917971441943', to_number: '+919871532305' },
	workspace: { agent_id: 'asst_1', caller_phone: '7971441943', callee_phone: '9871532305' },
};

describe.each(['apiKey', 'workspace'] as const)('of %s', (generation) => {
	const { unify } = generations[generation];
	const call = { ...common, ...theirs[generation], billed_duration_seconds: 60 };

	it.each([
		['nested', { success: true, call, ...around, ...links }],
		['flat', { success: true, ...call, ...around, ...links }],
		[
			'flat, with plain links',
			{
				...call,
				...around,
				recording_url: 'https://r',
				transcript_url: 'https://t',
			},
		],
	])('unify has the public names where the call is %s', (_, body) => {
		expect(unify(body)).toEqual(public_);
	});

	it('unify has the public names in one order', () => {
		const body = { ...links, ...around, call };
		expect(Object.keys(unify(body))).toEqual([
			'call_id',
			'status',
			'to_number',
			'from_number',
			'assistant_id',
			'duration_seconds',
			'cost',
			'ended_at',
			'output_parameters',
			'recording_url',
			'direction',
			'started_at',
			'input_parameters',
			'transcript_url',
		]);
	});

	it('unify has only what Twenty2 sent', () => {
		const body = { success: true, call: { call_id: 'call_1', status: 'queued' } };
		expect(unify(body)).toEqual({ call_id: 'call_1', status: 'queued' });
	});

	it.each(['+919871532305', '987153230', '98715323051', '', null, 9871532305])(
		'unify leaves a number alone that is not ten digits of text: %o',
		(number) => {
			const body = {
				call_id: 'call_1',
				status: 'queued',
				to_number: number,
				callee_phone: number,
			};
			expect(unify(body).to_number).toBe(number);
		},
	);

	it.each([null, 'https://r', [], { expires_at: 'x' }])(
		'unify has no link where the recording is %o',
		(recording) => {
			const body = { call_id: 'call_1', status: 'queued', recording };
			expect(unify(body)).toEqual({ call_id: 'call_1', status: 'queued' });
		},
	);

	it('unify leaves the body as it was', () => {
		const body = { success: true, call, ...around, ...links };
		const before = structuredClone(body);
		unify(body);
		expect(body).toEqual(before);
	});
});

it.each([
	'completed',
	'failed',
	'unanswered',
	'no-answer',
	'no_answer',
	'busy',
	'rejected',
	'canceled',
	'cancelled',
	'COMPLETED',
	'Failed',
	'No-Answer',
	'no answer',
	'NoAnswer',
	'not-answered',
	'not_answered',
	'Not Answered',
	'un-answered',
	'declined',
	'ended',
	'finished',
	'terminated',
	'hung-up',
	'hang_up',
	'disconnected',
	'expired',
	'missed',
	' completed ',
])('hasEnded is true of a call that is %s', (status) => {
	expect(hasEnded({ call_id: 'call_1', status })).toBe(true);
});

it.each([
	'queued',
	'initiated',
	'ringing',
	'in-progress',
	'in_progress',
	'ongoing',
	'completing',
	'not completed',
	'not-ended',
	'answered',
	'no',
	'not busy',
	'ending',
	'voicemail',
	'retrying no-answer',
	'something new',
	'',
])('hasEnded is false of a call that is %j, as long as it has no end', (status) => {
	expect(hasEnded({ call_id: 'call_1', status, ended_at: null })).toBe(false);
	expect(hasEnded({ call_id: 'call_1', status, ended_at: '' })).toBe(false);
	expect(hasEnded({ call_id: 'call_1', status })).toBe(false);
});

it.each(['something new', 'in-progress'])(
	'hasEnded believes the time of the end rather than a status (%s)',
	(status) => {
		const ended_at = '2026-05-22T07:18:39.684Z';
		expect(hasEnded({ call_id: 'call_1', status, ended_at })).toBe(true);
	},
);

it('hasEnded believes the status where the time of the end is missing', () => {
	expect(hasEnded({ call_id: 'call_1', status: 'completed', ended_at: null })).toBe(true);
});

it.each([undefined, null, 3, true, ['completed'], { status: 'completed' }])(
	'hasEnded is false where the status is %o',
	(status) => {
		expect(hasEnded({ call_id: 'call_1', status })).toBe(false);
	},
);

it('hasEnded does not take the start for the end', () => {
	const started_at = '2026-05-22T07:18:39.684Z';
	expect(hasEnded({ call_id: 'call_1', status: 'ringing', started_at })).toBe(false);
});

it.each([
	['apiKey', { success: true, call_id: 'call_1', status: 'completed' }],
	['workspace', { success: true, call: { call_id: 'call_1', status: 'completed' } }],
	['workspace', { success: true, call_id: 'call_1', status: 'completed' }],
] as const)('hasEnded reads what %s answers: %o', (generation, body) => {
	expect(hasEnded(generations[generation].unify(body))).toBe(true);
});

it.each([
	[{ status: 'Completed' }, 'completed'],
	[{ status: 'no-answer' }, 'not completed'],
	[{ status: 'failed', ended_at: '2026-05-22T07:18:39.684Z' }, 'not completed'],
	// Neither word tells whether there was a conversation.
	[{ status: 'Ended' }, 'either'],
	[{ status: 'a new word', ended_at: '2026-05-22T07:18:39.684Z' }, 'either'],
	[{ status: 'ringing' }, undefined],
	[{}, undefined],
])('endOf says of %j that it is %s', (call, end) => {
	expect(endOf(call)).toBe(end);
});
