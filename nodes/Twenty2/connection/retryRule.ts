import { Failure, type FailureFields } from '../api/failure';
import type { Verdict } from '../policy/retry';

/** Documented codes of refusals that stay the same however often the request is sent. */
const permanent = [
	'UNAUTHORIZED',
	'FORBIDDEN',
	'INVALID_ASSISTANT',
	'INVALID_NUMBER',
	'CALL_NOT_FOUND',
];
const temporary = ['INTERNAL_ERROR', 'NETWORK_ERROR', 'TIMEOUT', 'OUTCOME_UNKNOWN'];
const temporaryStatuses = [500, 503];

/**
 * Whether to send a refused or lost request again. "Retry 500 with exponential backoff; never retry 400
 * or 422; on 429 wait at least 1 second" (Twenty2, best practice).
 *
 * A request that may have made a phone ring is sent again only where the user has asked for it. After a
 * timeout, only a safe request is sent again, because the lost one may have been carried out.
 */
export function verdictOn(error: Error, { retryUnknownOutcome = false } = {}): Verdict {
	if (!(error instanceof Failure)) return { again: 'never', answered: false };
	const { code, outcome } = error.fields;
	const answered = error.fields.status !== null;
	const inDoubt = outcome === 'unknown';
	if (inDoubt && (!retryUnknownOutcome || code === 'INVALID_RESPONSE'))
		return { again: 'never', answered };
	if (code === 'TIMEOUT' && !error.safe) return { again: 'never', answered };
	const status = decidingStatus(error.fields);
	if (code === 'RATE_LIMIT_EXCEEDED' || status === 429) {
		const limited = { retryAfterMs: error.retryAfterMs, unsent: unsent() };
		return { again: 'when permitted', limited };
	}
	const mayPass =
		temporary.includes(code) || (status !== null && temporaryStatuses.includes(status));
	return { again: mayPass ? 'after backoff' : 'never', answered };
}

/**
 * Whether looking whether a call has ended is of no more use, because the key may not read calls.
 * Every other failure may pass: Twenty2 may not know a new call yet, and trouble ends.
 */
export function maySeeNoCalls({ fields: { code, status } }: Failure): boolean {
	return ['UNAUTHORIZED', 'FORBIDDEN'].includes(code) || status === 401 || status === 403;
}

/** The failure of a request that gives up before the key may send again. */
function unsent(): Failure {
	return Failure.ofNode(
		'RATE_LIMIT_EXCEEDED',
		'Not sent, because Twenty2 says that this key has sent too many requests',
	);
}

/** Twenty2's status, where its code is not documented and so does not decide. */
function decidingStatus({ code, status, source }: FailureFields): number | null {
	return source === 'twenty2' && !permanent.includes(code) ? status : null;
}
