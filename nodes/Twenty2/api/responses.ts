import * as z from 'zod/v4/mini';

import { jsonObject, type JsonObject } from '../json';
import type { HttpAnswer, Kind } from './http';
import { failureOf, refusalIn, surprise } from './refusal';

/** What a create asks for, in the words of the API-key generation. */
export interface NewCall {
	assistantId: string;
	/** E.164. */
	fromNumber: string;
	/** E.164. */
	toNumber: string;
	inputParameters: JsonObject;
	/** Merged into the body as they are. */
	additionalFields: JsonObject;
}

export interface Sending {
	/** The same for every attempt at one call. Twenty2 documents none; it is harmless if ignored. */
	idempotencyKey: string;
	timeoutMs: number;
}

/** What each generation of Twenty2's API can do. All reject with a Failure. */
export interface Twenty2 {
	createCall(call: NewCall, sending: Sending): Promise<PlacedCall>;
	/**
	 * Calls to that number, from that number, by that assistant, that began since then.
	 * @param since in milliseconds since 1970, by the clock of this machine
	 */
	callsBegun?(
		call: NewCall,
		since: number,
		sending: Pick<Sending, 'timeoutMs'>,
	): Promise<PlacedCall[]>;
	/** Twenty2's body, untouched. */
	getCall(callId: string, sending: Pick<Sending, 'timeoutMs'>): Promise<JsonObject>;
	/**
	 * The calls that Twenty2 lists, in its order, each untouched. Only a generation that can list has it.
	 * @param query which calls, in the words of Twenty2
	 */
	listCalls?(
		query: Record<string, string>,
		sending: Pick<Sending, 'timeoutMs'>,
	): Promise<JsonObject[]>;
	/** A call, or Get Call's body, under the names that both generations share. */
	simplify(body: JsonObject): JsonObject;
	/** Why this generation would not dial an E.164 number, as the end of a sentence. */
	objectionTo(number: string): string | undefined;
	/** The names that Create Call's body has already. */
	bodyFields: string[];
}

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

/** Twenty2's answer to a create, without `success`. */
export function createdIn(answer: HttpAnswer): PlacedCall {
	const { success: _, ...rest } = documented(created, answer, 'create', 'it has no call_id');
	return placedCall.parse(rest);
}

/** Twenty2's answer to a read, as it is. */
export function readIn(answer: HttpAnswer): JsonObject {
	return documented(read, answer, 'read', 'it has no call with a call_id and a status');
}

/** The calls in Twenty2's answer to a listing, as they are. */
export function listedIn(answer: HttpAnswer): JsonObject[] {
	const otherwise = 'it has no list of calls that have a call_id and a status each';
	return calls.parse(documented(list, answer, 'read', otherwise).calls);
}

function documented(
	schema: typeof created | typeof read | typeof list,
	answer: HttpAnswer,
	kind: Kind,
	otherwise: string,
): JsonObject {
	const parsed = schema.safeParse(answer.body);
	const isSuccess = parsed.success && (answer.status < 300 || parsed.data.success === true);
	if (isSuccess) return jsonObject.parse(answer.body);
	if (refusalIn(answer) || answer.status >= 300) throw failureOf(answer, kind);
	const isObject = jsonObject.safeParse(answer.body).success;
	throw surprise(answer, kind, isObject ? otherwise : 'it is not a JSON object');
}

/** The call in an answer to a read, nested under `call` or not, with what stands beside it. */
function unfolded(body: JsonObject): JsonObject {
	return { ...body, ...jsonObject.safeParse(body.call).data };
}

const names = [
	'call_id',
	'status',
	'direction',
	'assistant_id',
	'from_number',
	'to_number',
	'duration_seconds',
	'cost',
	'started_at',
	'ended_at',
	'input_parameters',
	'output_parameters',
	'recording_url',
	'transcript_url',
] as const;

const link = z.object({ url: z.unknown() });

/**
 * A call under the public names, in their order, and only what Twenty2 sent.
 * @param body an answer to a read
 * @param theirs what this generation calls a name, where it differs
 */
export function simplified(
	body: JsonObject,
	theirs: Partial<Record<(typeof names)[number], string>> = {},
): JsonObject {
	const sent = unfolded(body);
	const urlIn = (field: unknown) => link.safeParse(field).data?.url;

	const values = names.map((name): [string, unknown] => [name, sent[theirs[name] ?? name]]);
	const simple = {
		...Object.fromEntries(values),
		recording_url: sent.recording_url ?? urlIn(sent.recording),
		transcript_url: sent.transcript_url ?? urlIn(sent.transcript),
	};
	return Object.fromEntries(Object.entries(simple).filter(([, value]) => value !== undefined));
}

/**
 * Twenty2 documents no list of statuses. These can mean nothing but that it is over, in one word or
 * another, and are compared without case, spaces, dashes and underscores.
 */
const endings = [
	'completed',
	'failed',
	'unanswered',
	'notanswered',
	'noanswer',
	'busy',
	'rejected',
	'declined',
	'missed',
	'canceled',
	'cancelled',
	'ended',
	'finished',
	'terminated',
	'disconnected',
	'hungup',
	'hangup',
	'expired',
];

const ending = z.union([
	z.looseObject({ ended_at: z.string().check(z.minLength(1)) }),
	z.looseObject({
		status: z.pipe(
			z.pipe(
				z.string(),
				z.transform((status) => status.toLowerCase().replace(/[\s_-]/g, '')),
			),
			z.enum(endings),
		),
	}),
]);

/** Whether a call is over, however it went. @param call under the public names */
export function hasEnded(call: JsonObject): boolean {
	return ending.safeParse(call).success;
}
