import * as z from 'zod/v4/mini';

import { jsonObject, type JsonObject } from '../json';
import { adviceFor, Failure, outcomeUnknown } from './failure';
import type { HttpAnswer, RequestTraits } from './transport';

/** A field of an odd shape counts as missing, so that it does not hide a refusal. */
const ifSo = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

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

/** Twenty2's refusal in an answer, undefined when it is none. The envelope decides, not the status. */
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

/** The failure of an answer that is no success. Only Twenty2's envelope proves that nobody was phoned. */
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

/** What to do about a 422: the fields and reasons, and the advice on its code where that adds something. */
function adviceOn(fields: FieldErrors, code: string): string | undefined {
	const reasons = reasonsIn(fields);
	if (reasons === undefined) return adviceFor(code);
	const said = `Correct what Twenty2 refuses. ${reasons}`;
	const advice = code === 'VALIDATION_ERROR' ? undefined : adviceFor(code);
	return advice === undefined ? said : `${said.replace(/\.?$/, '.')} ${advice}`;
}

/** The failure of a 2xx that is not what Twenty2 documents. @param what ends the sentence of its message */
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

/** Whether a gateway sent Twenty2's envelope. Twenty2's own 500 and 503 mean "not done, try again". */
const isGatewayTrouble = (status: number) => status > 500 && status !== 503;

/** Only proxies use this status (RFC 9110, 15.5.8). */
const PROXY_AUTHENTICATION_REQUIRED = 407;

/** The statuses that proxies give a request that took too long. */
const requestTimeouts = [408, 499];

/**
 * Whether a proxy that answered may have passed the request on to Twenty2 before. Any 5xx leaves that open.
 * A redirect or another 4xx says that it did not.
 */
const mayHavePassedItOn = (status: number) => status >= 500 || requestTimeouts.includes(status);

/** The wait that a `Retry-After` header asks for (RFC 9110, 10.2.3), 0 when it cannot be read. */
function retryAfterMs(header = ''): number {
	if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1_000;
	const date = header.trim().endsWith('GMT') ? Date.parse(header) : Number.NaN;
	return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}

/** What Twenty2 says of the fields of a request (422). It documents an object by field, and may send a list. */
type FieldErrors = JsonObject | unknown[];

/** The names of the fields in the editor, by those of both generations. */
const labels: Partial<Record<string, string>> = {
	assistant_id: 'Assistant ID',
	agent_id: 'Assistant ID',
	from_number: 'From Number',
	caller_phone: 'From Number',
	to_number: 'To Number',
	callee_phone: 'To Number',
	input_parameters: 'Input Parameters',
};

const codes: Array<[label: string, code: string]> = [
	['To Number', 'INVALID_NUMBER'],
	['From Number', 'INVALID_NUMBER'],
	['Assistant ID', 'INVALID_ASSISTANT'],
];

/** @returns undefined where another field is wrong */
function codeByField(errors: FieldErrors): string | undefined {
	const wrong = Object.keys(errors).map(labelOf);
	return codes.find(([label]) => wrong.includes(label))?.[1];
}

/** Longer text would hide the advice after it. */
const MAX_REASONS_LENGTH = 500;

/** The fields and reasons in one line, e.g. "To Number: must be ten digits; Input Parameters: too long". */
export function reasonsIn(errors: FieldErrors): string | undefined {
	const reasons = Array.isArray(errors)
		? errors.map(reasonOf)
		: Object.entries(errors).map(([field, reason]) => `${labelOf(field)}: ${reasonOf(reason)}`);
	const line = reasons.join('; ').replace(/\s+/g, ' ');
	if (line === '') return undefined;
	return line.length > MAX_REASONS_LENGTH ? `${line.slice(0, MAX_REASONS_LENGTH - 1)}…` : line;
}

const labelOf = (field: string) =>
	(Object.hasOwn(labels, field) ? labels[field] : undefined) ?? field;

const maybeText = z.optional(z.string());

const entry = z.object({
	field: maybeText,
	path: maybeText,
	message: maybeText,
	reason: maybeText,
	error: maybeText,
});

function reasonOf(given: unknown): string {
	if (typeof given === 'string') return given;
	if (Array.isArray(given)) return given.map(reasonOf).join(', ');
	const { field, path, message, reason, error } = entry.safeParse(given).data ?? {};
	const where = field ?? path;
	const why = message ?? reason ?? error;
	if (why === undefined) return JSON.stringify(jsonObject.safeParse(given).data ?? given) ?? '';
	return where === undefined ? why : `${labelOf(where)}: ${why}`;
}
