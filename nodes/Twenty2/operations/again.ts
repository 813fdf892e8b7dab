import { Failure } from '../api/failure';
import type { Verdict } from '../policy/attempts';

const troubles = ['INTERNAL_ERROR', 'NETWORK_ERROR', 'TIMEOUT', 'OUTCOME_UNKNOWN'];

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
	if (code === 'RATE_LIMIT_EXCEEDED') return { again: 'when allowed', waitMs: error.retryAfterMs };
	return { again: troubles.includes(code) ? 'later' : 'never' };
}
