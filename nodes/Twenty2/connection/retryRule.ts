import { adviceFor } from '../api/advice';
import { Failure, type FailureFields } from '../api/failure';
import type { Verdict } from '../policy/retry';

/** Documented, and the same however often it is asked. */
const final = [
	'UNAUTHORIZED',
	'FORBIDDEN',
	'INVALID_ASSISTANT',
	'INVALID_NUMBER',
	'CALL_NOT_FOUND',
];
const troubles = ['INTERNAL_ERROR', 'NETWORK_ERROR', 'TIMEOUT', 'OUTCOME_UNKNOWN'];
const troubleStatuses = [500, 503];

/**
 * Whether a refused or lost request is worth another attempt. "Retry 500 with exponential backoff;
 * never retry 400 or 422; on 429 wait at least 1 second" (Twenty2, best practice). A create that
 * may have rung somebody's phone is sent again only where the user has asked for it.
 */
export function verdictOn(error: Error, { retryUnknownOutcome = false } = {}): Verdict {
	if (!(error instanceof Failure)) return { again: 'never' };
	const { code, outcome } = error.fields;
	const inDoubt = outcome === 'unknown';
	if (inDoubt && (!retryUnknownOutcome || code === 'INVALID_RESPONSE')) return { again: 'never' };
	const status = telling(error.fields);
	if (code === 'RATE_LIMIT_EXCEEDED' || status === 429) {
		return { again: 'when allowed', waitMs: error.retryAfterMs, unsent: unsent() };
	}
	const trouble = troubles.includes(code) || (status !== null && troubleStatuses.includes(status));
	return { again: trouble ? 'later' : 'never' };
}

/** What becomes of a request that does not wait until the key may send again. */
function unsent(): Failure {
	const code = 'RATE_LIMIT_EXCEEDED';
	return new Failure({
		code,
		message: 'Not sent, because Twenty2 says that this key has sent too many requests',
		description: adviceFor(code),
		status: null,
		source: 'n8n',
		attempts: 0,
	});
}

/** Twenty2's status, which tells what a code means that is not documented. */
function telling({ code, status, source }: FailureFields): number | null {
	return source === 'twenty2' && !final.includes(code) ? status : null;
}
