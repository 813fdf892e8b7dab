import * as z from 'zod/v4/mini';

import { jsonObject, type JsonObject } from '../json';
import { adviceFor } from './advice';
import { Failure } from './failure';
import type { HttpAnswer, Kind } from './http';

/** A field of an odd shape must not hide that Twenty2 refused. */
const ifSo = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

/** What is wrong with which field (422): documented by field, a list is passed on as it is. */
const fieldErrors = ifSo(z.union([jsonObject, z.array(z.unknown())]));

/**
 * Both documented envelopes at once: the API-key generation nests under `error` and has a code, the
 * workspace generation is flat and has none.
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
	/** What is wrong with which field (422). */
	fields?: JsonObject | unknown[];
}

/** Where the statuses that both generations share mean one thing only. */
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

const numberFields = ['to_number', 'from_number', 'callee_phone', 'caller_phone'];
const assistantFields = ['assistant_id', 'agent_id'];

/** Twenty2's refusal in an answer, or undefined: its envelope counts and not the status. */
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

/** Why Twenty2, or something on the way to it, refused a request, as one stable code. */
export function failureOf(answer: HttpAnswer, kind: Kind): Failure {
	const { code: said, message, status, fields } = refusalIn(answer) ?? { status: answer.status };
	const code = said ?? (fields && codeByField(fields)) ?? codeByStatus[status] ?? `HTTP_${status}`;
	if (kind === 'create' && !said && mayHaveBeenPlaced(status)) {
		const instead = message ? `, which said: ${message}` : '';
		return outcomeUnknown(
			`The answer got lost on its way: status ${status} came instead${instead}`,
			status,
		);
	}
	return new Failure(
		{
			code,
			message: message || `Twenty2 answered with status ${status} and no explanation`,
			description: status >= 300 && status < 400 ? adviceFor('NOT_FOUND') : adviceFor(code),
			status,
			source: 'twenty2',
			...(kind === 'create' && { outcome: mayHaveBeenPlaced(status) ? 'unknown' : 'not_placed' }),
			attempts: 0,
			...(fields && { validation_errors: fields }),
		},
		retryAfterMs(answer.retryAfter),
	);
}

/** A 2xx that is not what Twenty2 documents. A create may well have been carried out. */
export function surprise(answer: HttpAnswer, kind: Kind, what: string): Failure {
	const lost = kind === 'create';
	return new Failure({
		code: 'INVALID_RESPONSE',
		message: `Twenty2 answered with something unexpected: ${what}`,
		description: adviceFor(lost ? 'OUTCOME_UNKNOWN' : 'INVALID_RESPONSE'),
		status: answer.status,
		source: 'n8n',
		...(lost && { outcome: 'unknown' }),
		attempts: 0,
	});
}

/** A create was sent, and whether the person was phoned cannot be told. */
export function outcomeUnknown(message: string, status: number | null): Failure {
	return new Failure({
		code: 'OUTCOME_UNKNOWN',
		message,
		description: adviceFor('OUTCOME_UNKNOWN'),
		status,
		source: 'n8n',
		outcome: 'unknown',
		attempts: 0,
	});
}

function codeByField(fields: JsonObject | unknown[]): string | undefined {
	const named = (names: string[]) => names.some((name) => Object.hasOwn(fields, name));
	if (named(numberFields)) return 'INVALID_NUMBER';
	return named(assistantFields) ? 'INVALID_ASSISTANT' : undefined;
}

/**
 * Twenty2 documents 500 and 503 as "not done, try again". Any other 5xx comes from something
 * between n8n and Twenty2, which may have passed the create on before it gave up.
 */
function mayHaveBeenPlaced(status: number): boolean {
	return status >= 500 && status !== 500 && status !== 503;
}

/** `Retry-After` in its two forms (RFC 9110, 10.2.3): seconds, or a date. */
function retryAfterMs(header = ''): number {
	if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1_000;
	const date = header.trim().endsWith('GMT') ? Date.parse(header) : Number.NaN;
	return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
