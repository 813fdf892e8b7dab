import { describe, expect, it } from 'vitest';

import { Failure, type FailureFields } from '../../../nodes/Twenty2/api/failure';
import { verdictOn } from '../../../nodes/Twenty2/operations/again';

const failure = (code: string, outcome?: FailureFields['outcome'], retryAfterMs?: number) =>
	new Failure(
		{ code, message: 'm', status: null, source: 'twenty2', outcome, attempts: 1 },
		retryAfterMs,
	);

const never = { again: 'never' };
const later = { again: 'later' };

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
		expect(verdict(failure(code))).toEqual(never);
		expect(verdict(failure(code, 'not_placed'))).toEqual(never);
		expect(verdict(failure(code, 'unknown'))).toEqual(never);
	});

	it.each(['INTERNAL_ERROR', 'NETWORK_ERROR'])('repeats %s where nobody was phoned', (code) => {
		expect(verdict(failure(code))).toEqual(later);
		expect(verdict(failure(code, 'not_placed'))).toEqual(later);
	});

	it('repeats a read that timed out', () => {
		expect(verdict(failure('TIMEOUT'))).toEqual(later);
	});

	it.each([0, 7_000])('repeats RATE_LIMIT_EXCEEDED when the key may send, in %i ms', (waitMs) => {
		for (const outcome of [undefined, 'not_placed'] as const) {
			const limited = failure('RATE_LIMIT_EXCEEDED', outcome, waitMs);
			expect(verdict(limited)).toEqual({ again: 'when allowed', waitMs });
		}
	});

	it('repeats OUTCOME_UNKNOWN only where the user wants it', () => {
		expect(verdict(failure('OUTCOME_UNKNOWN', 'unknown'))).toEqual(wish ? later : never);
	});

	it.each(['INTERNAL_ERROR', 'NETWORK_ERROR', 'TIMEOUT'])(
		'repeats %s of unknown outcome only where the user wants it',
		(code) => {
			expect(verdict(failure(code, 'unknown'))).toEqual(wish ? later : never);
		},
	);

	it('never repeats INVALID_RESPONSE to a create', () => {
		expect(verdict(failure('INVALID_RESPONSE', 'unknown'))).toEqual(never);
	});

	it.each([new TypeError('x is undefined'), new Error('INTERNAL_ERROR'), new DOMException('stop')])(
		'never repeats after %o, which Twenty2 did not say',
		(error) => {
			expect(verdict(error)).toEqual(never);
		},
	);
});
