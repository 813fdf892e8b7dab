import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/v4';

import { adviceFor, type FailureFields } from '../../../nodes/Twenty2/api/failure';
import { failureOf, refusalIn, invalidResponse } from '../../../nodes/Twenty2/api/refusal';
import type { HttpAnswer } from '../../../nodes/Twenty2/api/transport';
import { alarming } from './failureFrom';

const create = { dials: true };
const read = { dials: false };

const nested = (status: number, code: string, more: object = {}): HttpAnswer => ({
	status,
	body: { success: false, error: { code, message: 'their words', status, ...more } },
});

const flat = (statusCode: number, more: object = {}): HttpAnswer => ({
	status: statusCode,
	body: { success: false, statusCode, message: 'their words', ...more },
});

const html = (status: number): HttpAnswer => ({
	status,
	body: '<html><h1>Bad Gateway</h1></html>',
});

type Expected = Partial<FailureFields>;

const refused = (status: number, code: string, more: Expected = {}): Expected => ({
	status,
	code,
	message: 'their words',
	source: 'twenty2',
	outcome: 'not_placed',
	...more,
});

const lost = (status: number): Expected => ({
	status,
	code: 'OUTCOME_UNKNOWN',
	source: 'n8n',
	outcome: 'unknown',
});

const documentedCodes = [
	[401, 'UNAUTHORIZED'],
	[403, 'FORBIDDEN'],
	[400, 'INVALID_ASSISTANT'],
	[400, 'INVALID_NUMBER'],
	[404, 'CALL_NOT_FOUND'],
	[429, 'RATE_LIMIT_EXCEEDED'],
	[500, 'INTERNAL_ERROR'],
] as const;

const codesByStatus = [
	[400, 'BAD_REQUEST'],
	[401, 'UNAUTHORIZED'],
	[402, 'HTTP_402'],
	[403, 'FORBIDDEN'],
	[404, 'NOT_FOUND'],
	[408, 'HTTP_408'],
	[409, 'HTTP_409'],
	[418, 'HTTP_418'],
	[422, 'VALIDATION_ERROR'],
	[429, 'RATE_LIMIT_EXCEEDED'],
	[500, 'INTERNAL_ERROR'],
	[503, 'INTERNAL_ERROR'],
] as const;

/** Something on the way to Twenty2 says these, and may have passed the request on before. */
const doubtfulWithoutEnvelope: number[] = [408, 499, 500, 501, 502, 503, 504, 520, 599];

const unexplained = (status: number) => ({
	message: `Twenty2 answered with status ${status} and no explanation`,
});

const withoutEnvelope = ([status, code]: readonly [number, string]): Array<
	[string, HttpAnswer, Expected]
> => [
	[`${status} with a page`, html(status), refused(status, code, unexplained(status))],
	[`${status} empty`, { status, body: '' }, refused(status, code, unexplained(status))],
];

const fieldTable: Array<[Record<string, unknown>, string]> = [
	[{ to_number: ['no'] }, 'INVALID_NUMBER'],
	[{ from_number: ['no'] }, 'INVALID_NUMBER'],
	[{ callee_phone: ['no'] }, 'INVALID_NUMBER'],
	[{ caller_phone: ['no'] }, 'INVALID_NUMBER'],
	[{ assistant_id: ['no'] }, 'INVALID_ASSISTANT'],
	[{ agent_id: ['no'] }, 'INVALID_ASSISTANT'],
	[{ agent_id: ['no'], to_number: ['no'] }, 'INVALID_NUMBER'],
	[{ input_parameters: ['no'] }, 'VALIDATION_ERROR'],
	[{}, 'VALIDATION_ERROR'],
];

const table: Array<[string, HttpAnswer, Expected]> = [
	...documentedCodes.map(([status, code]): [string, HttpAnswer, Expected] => [
		`${code} nested`,
		nested(status, code),
		refused(status, code),
	]),
	...codesByStatus.map(([status, code]): [string, HttpAnswer, Expected] => [
		`${status} flat`,
		flat(status),
		refused(status, code),
	]),
	...codesByStatus
		.filter(([status]) => !doubtfulWithoutEnvelope.includes(status))
		.flatMap(withoutEnvelope),
	[
		'407 of a proxy',
		{ status: 407, body: '' },
		refused(407, 'HTTP_407', {
			source: 'n8n',
			message: 'A proxy on the way to Twenty2 asks n8n for a password: status 407',
		}),
	],
	['407 flat', flat(407), refused(407, 'HTTP_407')],
	...doubtfulWithoutEnvelope.flatMap(
		(status): Array<[string, HttpAnswer, Expected]> => [
			[`${status} with a page`, html(status), lost(status)],
			[`${status} in plain text`, { status, body: 'upstream failed' }, lost(status)],
			[`${status} empty`, { status, body: '' }, lost(status)],
			[`${status} of another API`, { status, body: { error: 'no upstream' } }, lost(status)],
		],
	),
	...[501, 502, 504, 520, 599].map((status): [string, HttpAnswer, Expected] => [
		`${status} flat`,
		flat(status),
		lost(status),
	]),
	...fieldTable.flatMap(
		([fields, code]): Array<[string, HttpAnswer, Expected]> => [
			[
				`422 flat on ${Object.keys(fields).join()}`,
				flat(422, { validationErrors: fields }),
				refused(422, code, { validation_errors: fields }),
			],
			[
				`422 nested on ${Object.keys(fields).join()}`,
				{ status: 422, body: { success: false, error: { validation_errors: fields } } },
				refused(422, code, { ...unexplained(422), validation_errors: fields }),
			],
		],
	),
	['an unknown code', nested(402, 'NO_CREDIT'), refused(402, 'NO_CREDIT')],
	[
		'a code beside fields',
		nested(422, 'CUSTOM', { validation_errors: { to_number: ['no'] } }),
		refused(422, 'CUSTOM', { validation_errors: { to_number: ['no'] } }),
	],
	['an empty code', nested(404, ''), refused(404, 'NOT_FOUND')],
	[
		'200 nested',
		{ ...nested(429, 'RATE_LIMIT_EXCEEDED'), status: 200 },
		refused(429, 'RATE_LIMIT_EXCEEDED'),
	],
	['200 flat', { ...flat(403), status: 200 }, refused(403, 'FORBIDDEN')],
	['200 flat, lost on the way', { ...flat(502), status: 200 }, lost(502)],
	[
		'200 without a status',
		{ status: 200, body: { success: false, message: 'their words' } },
		refused(200, 'HTTP_200'),
	],
	[
		'200 with nothing else',
		{ status: 200, body: { success: false } },
		refused(200, 'HTTP_200', unexplained(200)),
	],
	['302', html(302), refused(302, 'HTTP_302', unexplained(302))],
];

it.each(table)(
	'failureOf gives a create the code, source and outcome of %s',
	(_, answer, expected) => {
		const { fields } = failureOf(answer, create);
		expect(fields).toMatchObject(expected);
		expect(fields.attempts).toBe(0);
		if (!expected.validation_errors) expect(fields).not.toHaveProperty('validation_errors');
		expect(fields.description ?? '').not.toMatch(alarming);
		expect(fields.message).not.toMatch(alarming);
	},
);

it.each([501, 502, 504])(
	'failureOf a create keeps what Twenty2 said under %i without a code',
	(status) => {
		const { message } = failureOf(flat(status), create).fields;
		expect(message).toContain(`status ${status}`);
		expect(message).toContain('their words');
	},
);

it('failureOf a create says which status came where nothing explains it', () => {
	expect(failureOf(html(502), create).fields.message).toBe(
		'The answer got lost on its way: status 502 came instead',
	);
});

it.each<[HttpAnswer, string | undefined]>([
	[html(299), undefined],
	[html(300), adviceFor('NOT_FOUND')],
	[html(302), adviceFor('NOT_FOUND')],
	[html(399), adviceFor('NOT_FOUND')],
	[flat(400), adviceFor('BAD_REQUEST')],
	[flat(402), undefined],
	[nested(400, 'INVALID_ASSISTANT'), adviceFor('INVALID_ASSISTANT')],
])('failureOf a create advises on %j what helps', (answer, advice) => {
	expect(failureOf(answer, create).fields.description).toBe(advice);
});

it.each<[object | unknown[], string | undefined]>([
	[{ input_parameters: ['too long'] }, 'Correct what Twenty2 refuses. Input Parameters: too long'],
	[
		{ to_number: ['too short'] },
		`Correct what Twenty2 refuses. To Number: too short. ${adviceFor('INVALID_NUMBER')}`,
	],
	[
		{ agent_id: ['It is gone.'] },
		`Correct what Twenty2 refuses. Assistant ID: It is gone. ${adviceFor('INVALID_ASSISTANT')}`,
	],
	[{}, adviceFor('VALIDATION_ERROR')],
	[[], adviceFor('VALIDATION_ERROR')],
])('failureOf a create advises on the fields %j what to correct', (fields, advice) => {
	const answer = flat(422, { validationErrors: fields });
	expect(failureOf(answer, create).fields.description).toBe(advice);
});

it('failureOf a create advises on a code that nobody knows what its fields say', () => {
	const fields = { validation_errors: { to_number: ['no'] } };
	expect(failureOf(nested(422, 'CUSTOM', fields), create).fields.description).toBe(
		'Correct what Twenty2 refuses. To Number: no',
	);
});

it.each(['validationErrors', 'validation_errors'])(
	'failureOf a create gives a list of %s as it came',
	(name) => {
		const list = [{ field: 'to_number', reason: 'no' }, 'input_parameters is too long'];
		for (const answer of [flat(422, { [name]: list }), flat(422, { [name]: [] })]) {
			expect(failureOf(answer, create).fields).toMatchObject({
				code: 'VALIDATION_ERROR',
				validation_errors: z.looseObject({ [name]: z.unknown() }).parse(answer.body)[name],
			});
		}
		const nestedList = nested(422, 'CUSTOM', { validation_errors: list });
		expect(failureOf(nestedList, read).fields.validation_errors).toEqual(list);
	},
);

it.each([502, 504])(
	'failureOf a create tells of a code under %i that a person may have been phoned',
	(status) => {
		expect(failureOf(nested(status, 'INTERNAL_ERROR'), create).fields).toMatchObject({
			code: 'INTERNAL_ERROR',
			outcome: 'unknown',
			status,
		});
	},
);

const spoken = [
	...table.filter(([, , { code }]) => code !== 'OUTCOME_UNKNOWN'),
	...codesByStatus
		.filter(([status]) => doubtfulWithoutEnvelope.includes(status))
		.flatMap(withoutEnvelope),
];
it.each(spoken)('failureOf gives a read the code and source of %s', (_name, answer, expected) => {
	const { fields } = failureOf(answer, read);
	expect({ ...fields, outcome: expected.outcome }).toMatchObject(expected);
	expect(fields).not.toHaveProperty('outcome');
});

it.each([501, 502, 504, 599])(
	'failureOf a read names the status %i where there is no code',
	(status) => {
		const { fields } = failureOf(html(status), read);
		expect(fields).toMatchObject({ code: `HTTP_${status}`, status, source: 'twenty2' });
		expect(fields).not.toHaveProperty('outcome');
	},
);

it('failureOf a read sends somebody who was redirected to the Base URL', () => {
	expect(failureOf(html(301), read).fields.description).toContain('Base URL');
});

describe('Retry-After', () => {
	beforeEach(() => {
		vi.useFakeTimers({ now: Date.UTC(2026, 4, 22, 7, 0, 0), toFake: ['Date'] });
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it.each<[string | undefined, number]>([
		[undefined, 0],
		['', 0],
		['   ', 0],
		['0', 0],
		['1', 1_000],
		['1.5', 1_500],
		['1.25', 1_250],
		[' Fri, 22 May 2026 07:00:20 GMT ', 20_000],
		['Fri, 22 May 2026 07:00:20', 0],
		['2026-05-22T07:00:20Z', 0],
		[' 30 ', 30_000],
		['86400', 86_400_000],
		['-5', 0],
		['Infinity', 0],
		['soon', 0],
		['60, 60', 0],
		['5 seconds', 0],
		['Fri, 22 May 2026 07:00:20 GMT', 20_000],
		['Friday, 22-May-26 07:00:20 GMT', 20_000],
		['Fri, 22 May 2026 06:59:00 GMT', 0],
		['Fri, 22 May 2026 07:00:00 GMT', 0],
	])('a Retry-After of %o is %i ms', (retryAfter, ms) => {
		const answer = { ...nested(429, 'RATE_LIMIT_EXCEEDED'), retryAfter };
		expect(failureOf(answer, create).retryAfterMs).toBe(ms);
		expect(failureOf(answer, read).retryAfterMs).toBe(ms);
	});
});

it.each<[string, unknown]>([
	['a success', { success: true, call_id: 'call_1' }],
	['an object of another kind', { call_id: 'call_1' }],
	['a text', 'success: false'],
	['nothing', undefined],
	['null', null],
	['a list', [{ success: false }]],
	['success as text', { success: 'false' }],
])('refusalIn finds no refusal in %s', (_, body) => {
	expect(refusalIn({ status: 200, body })).toBeUndefined();
});

it('refusalIn believes the envelope rather than the status', () => {
	expect(refusalIn({ ...nested(404, 'CALL_NOT_FOUND'), status: 200 })?.status).toBe(404);
	expect(refusalIn({ ...flat(401), status: 200 })?.status).toBe(401);
});

it('invalidResponse tells of a create that a person may have been phoned', () => {
	const { fields } = invalidResponse({ status: 201, body: {} }, create, 'it has no call_id');
	expect(fields).toMatchObject({
		code: 'INVALID_RESPONSE',
		message: expect.stringContaining('it has no call_id'),
		description: expect.stringContaining('may have been phoned'),
		status: 201,
		source: 'n8n',
		outcome: 'unknown',
	});
	expect(`${fields.message} ${fields.description}`).not.toMatch(alarming);
});

it('invalidResponse tells of a read what to check', () => {
	const { fields } = invalidResponse({ status: 200, body: '' }, read, 'it is empty');
	expect(fields.description).toContain('Base URL');
	expect(fields.status).toBe(200);
	expect(fields).not.toHaveProperty('outcome');
});
