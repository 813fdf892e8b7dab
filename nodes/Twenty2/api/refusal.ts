import * as z from 'zod/v4/mini';

import { jsonObject } from '../json';
import { adviceFor, Failure, outcomeUnknown } from './failure';
import { codeByField, reasonsIn, type FieldErrors } from './fieldErrors';
import type { HttpAnswer, RequestTraits } from './transport';

/** A field of an odd shape must not hide that Twenty2 refused. */
const ifSo = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

/** The field errors of a 422. Twenty2 documents an object by field. A list is passed on as it is. */
const fieldErrors = ifSo(z.union([jsonObject, z.array(z.unknown())]));

/**
 * Both documented envelopes (Twenty2 documentation, Errors and limits). The API-key generation nests
 * under `error` and has a code; the workspace generation is flat and has none.
 */
const envelope = z.object({
	success: z.literal(false),
	error: ifSo(
		z.object({
			code: ifSo(z.string()),
			message: ifSo(z.string()),
			status: ifSo(z.number()),
			validation_errors: fieldErrors,
		}),
	),
	message: ifSo(z.string()),
	statusCode: ifSo(z.number()),
	validationErrors: fieldErrors,
	validation_errors: fieldErrors,
});

interface Refusal {
	code?: string;
	message?: string;
	status: number;
	/** The field errors of a 422. */
	fields?: FieldErrors;
}

/** The code of a refusal that has none. */
const codeByStatus: Partial<Record<number, string>> = {
	400: 'BAD_REQUEST',
	401: 'UNAUTHORIZED',
	403: 'FORBIDDEN',
	404: 'NOT_FOUND',
	422: 'VALIDATION_ERROR',
	429: 'RATE_LIMIT_EXCEEDED',
	500: 'INTERNAL_ERROR',
	503: 'INTERNAL_ERROR',
};

/**
 * Twenty2's refusal in an answer. Its envelope decides, not the status.
 * @returns undefined when the answer is no refusal by Twenty2
 */
export function refusalIn({ status, body }: HttpAnswer): Refusal | undefined {
	const parsed = envelope.safeParse(body);
	if (!parsed.success) return undefined;

	const { error, message, statusCode, validationErrors, validation_errors } = parsed.data;
	return {
		code: error?.code || undefined,
		message: error?.message || message,
		status: error?.status ?? statusCode ?? status,
		fields: error?.validation_errors ?? validation_errors ?? validationErrors,
	};
}

/**
 * The refusal of a request, by Twenty2 or by something on the way to it, as one stable code. Only
 * Twenty2's envelope proves of a request that dials that nobody was phoned.
 */
export function failureOf(answer: HttpAnswer, { dials }: Pick<RequestTraits, 'dials'>): Failure {
	const refusal = refusalIn(answer);
	const { code: said, message, status, fields } = refusal ?? { status: answer.status };
	const code = said ?? (fields && codeByField(fields)) ?? codeByStatus[status] ?? `HTTP_${status}`;
	const mayBePlaced = refusal ? isGatewayTrouble(status) : mayHavePassedItOn(status);
	if (dials && !said && mayBePlaced) {
		const instead = message ? `, which said: ${message}` : '';
		return outcomeUnknown(
			`The answer got lost on its way: status ${status} came instead${instead}`,
			status,
		);
	}
	const isRedirect = status >= 300 && status < 400;
	const byProxy = !refusal && status === PROXY_AUTHENTICATION_REQUIRED;
	const unexplained = byProxy
		? `A proxy on the way to Twenty2 asks n8n for a password: status ${status}`
		: `Twenty2 answered with status ${status} and no explanation`;
	return new Failure(
		{
			code,
			message: message || unexplained,
			description: fields ? adviceOn(fields, code) : adviceFor(isRedirect ? 'NOT_FOUND' : code),
			status,
			source: byProxy ? 'n8n' : 'twenty2',
			...(dials && { outcome: mayBePlaced ? 'unknown' : 'not_placed' }),
			attempts: 0,
			...(fields && { validation_errors: fields }),
		},
		retryAfterMs(answer.retryAfter),
	);
}

/** What to do about a 422: the fields and reasons, and the advice on its code where that says more. */
function adviceOn(fields: FieldErrors, code: string): string | undefined {
	const reasons = reasonsIn(fields);
	if (reasons === undefined) return adviceFor(code);
	const said = `Correct what Twenty2 refuses. ${reasons}`;
	const advice = code === 'VALIDATION_ERROR' ? undefined : adviceFor(code);
	return advice === undefined ? said : `${said.replace(/\.?$/, '.')} ${advice}`;
}

/**
 * The failure of a 2xx that is not what Twenty2 documents. A request that dials may well have been
 * carried out.
 * @param what is surprising about it, as the end of a sentence
 */
export function invalidResponse(
	{ status }: HttpAnswer,
	{ dials }: Pick<RequestTraits, 'dials'>,
	what: string,
): Failure {
	return Failure.ofNode(
		'INVALID_RESPONSE',
		`Twenty2 answered with something unexpected: ${what}`,
		dials ? { status, outcome: 'unknown', description: adviceFor('OUTCOME_UNKNOWN') } : { status },
	);
}

/**
 * Whether Twenty2's envelope came with a status that leaves doubt. Its 500 and 503 mean "not done, try
 * again". Any other 5xx is a gateway's.
 */
function isGatewayTrouble(status: number): boolean {
	return status > 500 && status !== 503;
}

/** Only proxies say so (RFC 9110, 15.5.8). */
const PROXY_AUTHENTICATION_REQUIRED = 407;

/** The statuses that proxies give a request that took too long. */
const requestTimeouts = [408, 499];

/**
 * Whether an answer without Twenty2's envelope may follow a request that reached Twenty2. A proxy says
 * any 5xx, 500 and 503 too, also after it passed the request on. With a redirect or another 4xx it says
 * that it did not.
 */
function mayHavePassedItOn(status: number): boolean {
	return status >= 500 || requestTimeouts.includes(status);
}

/**
 * The wait that a `Retry-After` header asks for, which is in seconds or a date (RFC 9110, 10.2.3).
 * @returns milliseconds, 0 when the header is missing or cannot be read
 */
function retryAfterMs(header = ''): number {
	if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1_000;
	const date = header.trim().endsWith('GMT') ? Date.parse(header) : Number.NaN;
	return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
