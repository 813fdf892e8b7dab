import { expect, it } from 'vitest';

import {
	Failure,
	failureOnly,
	outcomeUnknown,
	unexpected,
} from '../../../nodes/Twenty2/api/failure';
import { failureFrom } from './failureFrom';

const fields = {
	code: 'RATE_LIMIT_EXCEEDED',
	message: 'slow down',
	status: 429,
	source: 'twenty2',
	attempts: 0,
} as const;

it('reads as its message', () => {
	expect(new Failure(fields).message).toBe('slow down');
});

it('keeps what a change leaves out, and the original as it was', () => {
	const failure = new Failure(fields, 5_000);
	const more = failure.with({ attempts: 3 });
	expect(more.fields).toEqual({ ...fields, attempts: 3 });
	expect(more.retryAfterMs).toBe(5_000);
	expect(failure.fields.attempts).toBe(0);
});

it('says of an input that nothing was sent for it', () => {
	const { fields: told } = Failure.ofInput('INVALID_INPUT', 'Call ID is empty', 'Check it');
	expect(told).toEqual({
		code: 'INVALID_INPUT',
		message: 'Call ID is empty',
		description: 'Check it',
		status: null,
		source: 'n8n',
		attempts: 0,
	});
});

it('failureOnly gives a failure back', () => {
	const failure = new Failure(fields);
	expect(failureOnly(failure)).toBe(failure);
});

it.each([new TypeError('x is undefined'), 'text', undefined])(
	'failureOnly throws %o on',
	(mistake) => {
		expect(() => failureFrom(() => failureOnly(mistake))).toThrow();
		let thrown: unknown = 'nothing';
		try {
			failureOnly(mistake);
		} catch (error) {
			thrown = error;
		}
		expect(thrown).toBe(mistake);
	},
);

it('outcomeUnknown is decided by the node, whatever the status', () => {
	expect(outcomeUnknown('No answer came', null).fields).toMatchObject({
		code: 'OUTCOME_UNKNOWN',
		message: 'No answer came',
		status: null,
		source: 'n8n',
		outcome: 'unknown',
	});
});

it.each([
	[new RangeError('Invalid time value'), 'RangeError: Invalid time value'],
	[
		new Error('No call to +919876543210 with Bearer tw_live_8Fq2, {"to":"asha@example.com"}'),
		'Error: No call to … with Bearer … …',
	],
	[new Error(`${'9 '.repeat(5_000)}`), expect.stringMatching(/^Error:[ …]{1,200}$/)],
	[new Error('x'.repeat(5_000)), 'Error: …'],
	[new Error('two  words\n\there'), 'Error: two words here'],
	['sandbox-key', 'string'],
	[undefined, 'undefined'],
])('unexpected says of %o what happened, in so far as that holds no data', (fault, said) => {
	const { code, message, source, status } = unexpected(fault).fields;
	const prefix = 'Something unexpected happened inside this node: ';
	expect([code, source, status]).toEqual(['UNEXPECTED', 'n8n', null]);
	expect(message.startsWith(prefix)).toBe(true);
	expect(message.slice(prefix.length)).toEqual(said);
});
