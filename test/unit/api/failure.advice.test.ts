import { expect, it } from 'vitest';

import { adviceFor } from '../../../nodes/Twenty2/api/failure';
import { alarming } from './failureFrom';

const codes = [
	'UNAUTHORIZED',
	'FORBIDDEN',
	'INVALID_ASSISTANT',
	'INVALID_NUMBER',
	'CALL_NOT_FOUND',
	'NOT_FOUND',
	'BAD_REQUEST',
	'VALIDATION_ERROR',
	'RATE_LIMIT_EXCEEDED',
	'INTERNAL_ERROR',
	'NETWORK_ERROR',
	'TIMEOUT',
	'OUTCOME_UNKNOWN',
	'INVALID_RESPONSE',
];

it.each(codes)('the advice for %s says what to do without alarming', (code) => {
	expect(adviceFor(code)).toMatch(/^[A-Z].{20,}[^.]$/);
	expect(adviceFor(code)).not.toMatch(alarming);
});

it.each(['HTTP_418', 'QUOTA_EXCEEDED', '', 'toString', '__proto__', 'constructor'])(
	'there is no advice for %o',
	(code) => {
		expect(adviceFor(code)).toBeUndefined();
	},
);
