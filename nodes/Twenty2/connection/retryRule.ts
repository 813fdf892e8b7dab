import { Failure, type FailureFields } from '../api/failure';
import type { Outcome } from '../policy/outcome';
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
 * How a request ended, and whether to send it again. "Retry 500 with exponential backoff; never retry 400 or 422; on
 * 429 wait at least 1 second" (Twenty2, best practice). A request that may have made a phone ring is sent again only
 * where the user has asked for it.
 */
export function verdictOn(error: Error, { retryUnknownOutcome = false } = {}): Verdict {
	if (!(error instanceof Failure)) return { outcome: { is: 'no answer' }, again: false };
	const { fields } = error;
	const outcome = outcomeOf(error);
	if (fields.outcome === 'unknown' && (!retryUnknownOutcome || fields.code === 'INVALID_RESPONSE'))
		return { outcome, again: false };
	const status = decidingStatus(fields);
	const mayPass =
		temporary.includes(fields.code) || (status !== null && temporaryStatuses.includes(status));
	return { outcome, again: outcome.is === 'rate limited' || mayPass };
}

/** Whether to send the request again after a backoff, for another reason than a 429. */
export function deservesBackoff({ outcome, again }: Verdict): boolean {
	return again && outcome.is !== 'rate limited';
}

function outcomeOf({ fields, message, retryAfterMs }: Failure): Outcome {
	if (fields.code === 'RATE_LIMIT_EXCEEDED' || decidingStatus(fields) === 429)
		return { is: 'rate limited', message, retryAfterMs, unsent: unsent() };
	return { is: fields.status === null ? 'no answer' : 'answered' };
}

/** Whether a failure says that the key may not read calls. Every other failure of a read may pass. */
export function lacksReadAccess({ fields: { code, status } }: Failure): boolean {
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
