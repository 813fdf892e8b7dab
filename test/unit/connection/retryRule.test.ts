import { describe, expect, it } from 'vitest';

import { Failure, failureOnly, type FailureFields } from '../../../nodes/Twenty2/api/failure';
import { deservesBackoff, verdictOn } from '../../../nodes/Twenty2/connection/retryRule';
import { alarming } from '../api/failureFrom';

const failure = (code: string, outcome?: FailureFields['outcome'], retryAfterMs?: number) =>
	new Failure(
		{ code, message: 'm', status: null, source: 'twenty2', outcome, attempts: 1 },
		retryAfterMs,
	);

/** With a status, as Twenty2 answers. */
const said = (status: number, code: string, more: Partial<FailureFields> = {}) =>
	new Failure({ code, message: 'm', status, source: 'twenty2', attempts: 1, ...more }, 7_000);

const never = { again: false };
const afterBackoff = { again: true };

const final = [
	'UNAUTHORIZED',
	'FORBIDDEN',
	'INVALID_ASSISTANT',
	'INVALID_NUMBER',
	'CALL_NOT_FOUND',
	'VALIDATION_ERROR',
	'BAD_REQUEST',
	'NOT_FOUND',
	'HTTP_409',
	'HTTP_502',
	'INVALID_INPUT',
	'INVALID_RESPONSE',
	'WAIT_TIMEOUT',
	'DUPLICATE_CALL',
	'NO_CREDIT',
	'',
];

describe.each([undefined, false, true])('verdictOn with retryUnknownOutcome %s', (wish) => {
	const verdict = (error: Error) => verdictOn(error, { retryUnknownOutcome: wish });

	it.each(final)('never repeats %o, whatever the outcome', (code) => {
		expect(verdict(failure(code))).toMatchObject(never);
		expect(verdict(failure(code, 'not_placed'))).toMatchObject(never);
		expect(verdict(failure(code, 'unknown'))).toMatchObject(never);
	});

	it.each(['INTERNAL_ERROR', 'NETWORK_ERROR'])('repeats %s where nobody was phoned', (code) => {
		expect(verdict(failure(code))).toMatchObject(afterBackoff);
		expect(verdict(failure(code, 'not_placed'))).toMatchObject(afterBackoff);
	});

	it('repeats a read that timed out', () => {
		expect(verdict(failure('TIMEOUT'))).toMatchObject(afterBackoff);
	});

	it.each([0, 7_000])('repeats RATE_LIMIT_EXCEEDED when the key may send, in %i ms', (waitMs) => {
		for (const outcome of [undefined, 'not_placed'] as const) {
			const limited = failure('RATE_LIMIT_EXCEEDED', outcome, waitMs);
			const expected = { again: true, outcome: { is: 'rate limited', retryAfterMs: waitMs } };
			expect(verdict(limited)).toMatchObject(expected);
		}
	});

	it('has its own words for those that are not sent because of it', () => {
		const refused = said(429, 'KEY_IS_TOO_FAST', { outcome: 'not_placed' });
		const { outcome } = verdict(refused);
		const { fields } = failureOnly(outcome.is === 'rate limited' ? outcome.unsent : undefined);
		expect(fields).toEqual({
			code: 'RATE_LIMIT_EXCEEDED',
			message: expect.stringContaining('Not sent'),
			description: expect.stringContaining('Keep Trying When Busy'),
			status: null,
			source: 'n8n',
			attempts: 0,
		});
		expect(`${fields.message} ${fields.description}`).not.toMatch(alarming);
	});

	it('repeats OUTCOME_UNKNOWN only where the user wants it', () => {
		expect(verdict(failure('OUTCOME_UNKNOWN', 'unknown'))).toMatchObject(
			wish ? afterBackoff : never,
		);
	});

	it.each(['INTERNAL_ERROR', 'NETWORK_ERROR', 'TIMEOUT'])(
		'repeats %s of unknown outcome only where the user wants it',
		(code) => {
			expect(verdict(failure(code, 'unknown'))).toMatchObject(wish ? afterBackoff : never);
		},
	);

	it('never repeats INVALID_RESPONSE to a create', () => {
		expect(verdict(failure('INVALID_RESPONSE', 'unknown'))).toMatchObject(never);
	});

	const ofTomorrow = 'KEY_IS_TOO_FAST';

	it('goes by the status 429 where nobody documented the code', () => {
		for (const outcome of [undefined, 'not_placed'] as const) {
			const expected = { again: true, outcome: { is: 'rate limited', retryAfterMs: 7_000 } };
			expect(verdict(said(429, ofTomorrow, { outcome }))).toMatchObject(expected);
		}
	});

	it.each([500, 503])('goes by the status %i where nobody documented the code', (status) => {
		for (const outcome of [undefined, 'not_placed'] as const) {
			expect(verdict(said(status, ofTomorrow, { outcome }))).toMatchObject(afterBackoff);
		}
	});

	it.each([200, 400, 401, 402, 403, 404, 409, 422, 501, 502, 504])(
		'never repeats an undocumented code under status %i',
		(status) => {
			expect(verdict(said(status, ofTomorrow))).toMatchObject(never);
			expect(verdict(said(status, ofTomorrow, { outcome: 'unknown' }))).toMatchObject(never);
		},
	);

	it('never repeats what the node has decided, whatever status it came upon', () => {
		for (const status of [429, 500, 503]) {
			expect(verdict(said(status, 'DOWNLOAD_FAILED', { source: 'n8n' }))).toMatchObject(never);
		}
	});

	it.each(['UNAUTHORIZED', 'FORBIDDEN', 'INVALID_ASSISTANT', 'INVALID_NUMBER', 'CALL_NOT_FOUND'])(
		'goes by the documented code %s rather than by an odd status',
		(code) => {
			for (const status of [429, 500, 503])
				expect(verdict(said(status, code))).toMatchObject(never);
		},
	);

	it.each([new TypeError('x is undefined'), new Error('INTERNAL_ERROR'), new DOMException('stop')])(
		'never repeats after %o, which Twenty2 did not say',
		(error) => {
			expect(verdict(error)).toMatchObject(never);
		},
	);
});

it.each([
	['INTERNAL_ERROR', true],
	['RATE_LIMIT_EXCEEDED', false],
	['INVALID_NUMBER', false],
])('a backoff is worth while after %s: %s', (code, expected) => {
	expect(deservesBackoff(verdictOn(failure(code)))).toBe(expected);
});

it.each([500, 502, 400, 200])('the status %i is an answer, whatever it says', (status) => {
	const verdict = verdictOn(said(status, 'INVALID_RESPONSE', { outcome: 'unknown' }));
	expect(verdict).toMatchObject({ outcome: { is: 'answered' } });
});

it.each(['NETWORK_ERROR', 'TIMEOUT', 'OUTCOME_UNKNOWN'])('%s is no answer', (code) => {
	expect(verdictOn(failure(code)).outcome.is).toBe('no answer');
});

it('a fault is no answer', () => {
	expect(verdictOn(new TypeError('x is not a function')).outcome.is).toBe('no answer');
});
