import * as z from 'zod/v4/mini';

import { jsonObject, type JsonObject } from '../json';
import { inMegabytes } from './bodyStream';
import { Failure, orFailure, type FailureFields } from './failure';
import { failureOf, refusalIn, invalidResponse } from './refusal';
import type { HttpAnswer, RequestTraits } from './transport';

const success = z.optional(z.literal(true));

const callId = z.string().check(z.minLength(1));

const created = z.looseObject({ success, call_id: callId });

/** A call as Twenty2 answers a create with it. */
export const placedCall = z.looseObject({ call_id: callId });

export type PlacedCall = z.infer<typeof placedCall>;

const known = z.looseObject({ call_id: callId, status: z.string() });

const read = z
	.looseObject({ success })
	.check(z.refine((body) => known.safeParse(unfolded(body)).success));

const list = z.looseObject({ success, calls: z.array(known) });
const calls = z.array(jsonObject);

/** @returns Twenty2's answer to a create, without `success` @throws Failure */
export function parseCreated(answer: HttpAnswer): PlacedCall {
	const body = { ...documented(created, answer, { dials: true }, 'it has no call_id') };
	delete body.success;
	return placedCall.parse(body);
}

/** @returns Twenty2's answer to a read, as it is @throws Failure */
export function parseCall(answer: HttpAnswer): JsonObject {
	const otherwise = 'it has no call with a call_id and a status';
	return documented(read, answer, { dials: false }, otherwise);
}

/** @returns the calls in Twenty2's answer to a listing, as they are @throws Failure */
export function parseCalls(answer: HttpAnswer): JsonObject[] {
	const otherwise = 'it has no list of calls that have a call_id and a status each';
	return calls.parse(documented(list, answer, { dials: false }, otherwise).calls);
}

/** @returns what `parse` returns @throws its Failure, with other fields where that says `NOT_FOUND` */
export function whenNotFound<T>(fields: Partial<FailureFields>, parse: () => T): T {
	const parsed = orFailure(parse);
	if (!(parsed instanceof Failure)) return parsed;
	throw parsed.fields.code === 'NOT_FOUND' ? parsed.with(fields) : parsed;
}

/** The body of a documented answer. @param otherwise what any other JSON object lacks @throws Failure */
function documented(
	schema: typeof created | typeof read | typeof list,
	answer: HttpAnswer,
	request: Pick<RequestTraits, 'dials'>,
	otherwise: string,
): JsonObject {
	if (answer.longerThan !== undefined) {
		throw invalidResponse(answer, request, `it is longer than ${inMegabytes(answer.longerThan)}`);
	}
	const parsed = schema.safeParse(answer.body);
	const isSuccess = parsed.success && (answer.status < 300 || parsed.data.success === true);
	if (isSuccess) return jsonObject.parse(answer.body);
	if (refusalIn(answer) || answer.status >= 300) throw failureOf(answer, request);
	const isObject = jsonObject.safeParse(answer.body).success;
	throw invalidResponse(answer, request, isObject ? otherwise : 'it is not a JSON object');
}

/** The call in an answer to a read, nested under `call` or not, with the fields beside it. */
function unfolded(body: JsonObject): JsonObject {
	return { ...body, ...jsonObject.safeParse(body.call).data };
}

/** The fields of the simplified output, in their order: at most ten, as n8n's guidelines ask. */
export const simplifiedFields = [
	'call_id',
	'status',
	'to_number',
	'from_number',
	'assistant_id',
	'duration_seconds',
	'cost',
	'ended_at',
	'output_parameters',
	'recording_url',
] as const;

/** The public names of a call's fields, in their order. */
export const callFields = [
	...simplifiedFields,
	'direction',
	'started_at',
	'input_parameters',
	'transcript_url',
] as const;

export type CallField = (typeof callFields)[number];

/** The types of fields, as JSON Schema names them. */
export type FieldType = 'string' | 'number' | 'object';

/** The types of a call's fields under their public names. */
export const callTypes: Record<CallField, FieldType> = {
	call_id: 'string',
	status: 'string',
	to_number: 'string',
	from_number: 'string',
	assistant_id: 'string',
	duration_seconds: 'number',
	cost: 'string',
	ended_at: 'string',
	output_parameters: 'object',
	recording_url: 'string',
	direction: 'string',
	started_at: 'string',
	input_parameters: 'object',
	transcript_url: 'string',
};

/** A number within India, as the workspace generation and events have them. */
const tenDigits = /^\d{10}$/;

const inE164 = (number: unknown) =>
	typeof number === 'string' && tenDigits.test(number) ? `+91${number}` : number;

const link = z.object({ url: z.unknown() });

/**
 * The call in an answer to a read, under the public names. It has only the fields that Twenty2 sent.
 * @param theirs this generation's own names, by the public ones, where they differ
 */
export function unified(
	body: JsonObject,
	theirs: Partial<Record<CallField, string>> = {},
): JsonObject {
	const sent = unfolded(body);
	const urlIn = (field: unknown) => link.safeParse(field).data?.url;

	const values = callFields.map((name): [string, unknown] => [name, sent[theirs[name] ?? name]]);
	const named: JsonObject = Object.fromEntries(values);
	const call = {
		...named,
		to_number: inE164(named.to_number),
		from_number: inE164(named.from_number),
		recording_url: sent.recording_url ?? urlIn(sent.recording),
		transcript_url: sent.transcript_url ?? urlIn(sent.transcript),
	};
	return Object.fromEntries(Object.entries(call).filter(([, value]) => value !== undefined));
}

/** How a call ended, where that is known. */
export type End = 'completed' | 'not completed' | 'either';

/** Twenty2 documents no list of statuses, so these have every word that can mean nothing else. */
const notCompleted =
	/^(failed|unanswered|notanswered|noanswer|busy|rejected|declined|missed|cancell?ed|expired)$/;
const over = /^(ended|finished|terminated|disconnected|hungup|hangup)$/;
const goingOn = /^(queued|scheduled|initiated|diall?ing|ringing|inprogress|ongoing)$/;

const endedAt = z.object({ ended_at: z.string().check(z.minLength(1)) });

const withStatus = z.object({ status: z.string() });

/** The status of a call without case, spaces, dashes and underscores. */
const wordOf = (call: JsonObject) =>
	(withStatus.safeParse(call).data?.status ?? '').toLowerCase().replace(/[\s_-]/g, '');

/** How a call under the public names ended, undefined when it is not over. */
export function endOf(call: JsonObject): End | undefined {
	const word = wordOf(call);
	if (word === 'completed') return 'completed';
	if (notCompleted.test(word)) return 'not completed';
	return over.test(word) || endedAt.safeParse(call).success ? 'either' : undefined;
}

/** Whether a call under the public names is over, however it went. */
export const hasEnded = (call: JsonObject): boolean => endOf(call) !== undefined;

const withEndTime = z.object({
	ended_at: z.pipe(z.iso.datetime({ offset: true }), z.transform(Date.parse)),
});

/** Whether a call surely ended before a time, in milliseconds since 1970. */
export function endedBefore(call: JsonObject, time: number): boolean {
	const { data } = withEndTime.safeParse(call);
	return data !== undefined && data.ended_at < time;
}

/** A number, or text with one such as "15.67 INR". One above 0 has a digit above 0. */
const aboveZero = z.pipe(
	z.pipe(z.union([z.number(), z.string()]), z.transform(String)),
	z.string().check(z.regex(/[1-9]/)),
);

const withBill = z.union([
	z.object({ duration_seconds: aboveZero }),
	z.object({ cost: aboveZero }),
]);

/** Whether somebody answered a call: it was completed, or it has a duration above 0 or a cost. */
export function wasAnswered(call: JsonObject): boolean {
	return endOf(call) === 'completed' || withBill.safeParse(call).success;
}

/**
 * The status, duration and cost of a call whose status nobody documents. They stay the same once it is over.
 * @returns undefined when it goes on or has neither a duration above 0 nor a cost
 */
export function billOf(call: JsonObject): string | undefined {
	const { duration_seconds, cost } = call;
	const word = wordOf(call);
	if (goingOn.test(word) || !withBill.safeParse(call).success) return undefined;
	return JSON.stringify([word, duration_seconds, cost]);
}
