import type { IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { unified, type FieldType } from '../api/responses';
import { isJsonObject, jsonObject, type JsonObject } from '../json';
import { simplified } from '../operations/fields/output';
import { identifier } from '../operations/fields/schemas';

/** What Twenty2 sends when a call has ended (Twenty2 documentation, Webhooks). */
export interface CallEvent {
	event: 'call.completed' | 'call.failed';
	/** The same in each repeat of a delivery. */
	eventId: string;
	assistantId: string | undefined;
	callId: string;
	/** How the call ended. */
	status: string;
	/** The whole body, untouched. */
	body: JsonObject;
}

const notObject = 'must be a JSON object';
const notEventId = 'must be text of up to 200 visible characters';

/** Only the fields that the node acts on, so that another field of an odd shape does not hide an event. */
const delivered = z.object(
	{
		event: z.enum(['call.completed', 'call.failed'], 'must be call.completed or call.failed'),
		// It is logged and remembered, so it has no line breaks and a bounded length.
		event_id: z.pipe(
			z.union([z.string(), z.number()], notEventId),
			z.pipe(z.transform(String), z.string().check(z.regex(/^[\x21-\x7e]{1,200}$/, notEventId))),
		),
		assistant_id: z.catch(z.optional(z.string()), undefined),
		call: z.object({ call_id: identifier, status: z.string('must be text') }, notObject),
	},
	notObject,
);

const request = z.object({
	contentType: z.optional(z.string()),
	encoding: z.optional(z.string()),
	rawBody: z.custom<Uint8Array>((body) => body instanceof Uint8Array),
});

/** The body of a delivery. n8n parses JSON under no other content type than its own (n8n 1.123 and 2.41). */
export function bodyOf(n8n: Pick<IWebhookFunctions, 'getBodyData' | 'getRequestObject'>): unknown {
	const parsed: unknown = n8n.getBodyData();
	const { data: raw } = request.safeParse(n8n.getRequestObject());
	if (!raw || raw.contentType === 'application/json') return parsed;
	try {
		const json: unknown = JSON.parse(textOf(raw.rawBody, raw.encoding));
		return json;
	} catch {
		return parsed;
	}
}

/** JSON is UTF-8 (RFC 8259, 8.1), unless the sender names another encoding that is known. */
function textOf(bytes: Uint8Array, encoding = 'utf-8'): string {
	try {
		return new TextDecoder(encoding).decode(bytes);
	} catch {
		return new TextDecoder().decode(bytes);
	}
}

/** @returns the event in the body of a delivery, or all that is wrong with the body as one text */
export function parseEvent(body: unknown): CallEvent | { wrong: string } {
	const parsed = delivered.safeParse(body);
	if (!parsed.success) {
		const reasons = parsed.error.issues.map(
			({ path, message }) => `${path.join('.') || 'the body'} ${message}`,
		);
		return { wrong: reasons.join(', ') };
	}
	const { event, event_id, assistant_id, call } = parsed.data;
	return {
		event,
		eventId: event_id,
		assistantId: assistant_id,
		callId: call.call_id,
		status: call.status,
		body: jsonObject.parse(body),
	};
}

/** An optional field, left out when it does not match the schema. */
const ifValid = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

const link = ifValid(z.looseObject({ url: z.string() }));

const details = z.object({
	call: z.object({ call_cost_inr: ifValid(z.number()), disconnection_reason: z.unknown() }),
	contact: ifValid(z.object({ input_variables: z.unknown() })),
	recording: link,
	transcript: link,
});

/** The types of the fields that an event has beside those of the call. */
export const eventTypes = {
	event: 'string',
	event_id: 'string',
	disconnection_reason: 'string',
	contact: 'object',
	campaign: 'object',
} as const satisfies Record<string, FieldType>;

/**
 * The event with the simplified output of Get Call. It has only fields that Twenty2 sent.
 * @param known the call as Twenty2 answered with it, under the public names. It replaces what the event says of
 * the call, because anybody can send an event.
 */
export function simplifiedEvent(event: CallEvent, known?: JsonObject): JsonObject {
	const { body } = event;
	const simple: Record<keyof typeof eventTypes, unknown> = {
		event: event.event,
		event_id: event.eventId,
		...simplified(known ?? callIn(body)),
		disconnection_reason: details.parse(body).call.disconnection_reason,
		contact: body.contact,
		campaign: body.campaign,
	};
	return Object.fromEntries(Object.entries(simple).filter(([, value]) => value !== undefined));
}

/** The call in the body of an event, under the public names. */
function callIn(body: JsonObject): JsonObject {
	const { call, contact, recording, transcript } = details.parse(body);
	const cost = call.call_cost_inr === undefined ? undefined : inr(call.call_cost_inr);
	return unified(
		{ ...body, cost, input_parameters: contact?.input_variables, recording, transcript },
		{ output_parameters: 'output_variables' },
	);
}

/** The format of `cost` in Get Call. */
const inr = (amount: number) => `${amount.toFixed(2)} INR`;

const itemJson = z.custom<IDataObject>(isJsonObject);

/** The item that the workflow goes on with. @param simplify false for the body as it was delivered */
export const itemOf = (
	event: CallEvent,
	simplify: boolean,
	known?: JsonObject,
): INodeExecutionData => ({
	json: itemJson.parse(simplify ? simplifiedEvent(event, known) : event.body),
});

/** The item that an execution begins with. Expressions in the trigger's fields find the body as in the delivery. */
export const deliveryOf = ({ body }: CallEvent): INodeExecutionData => ({
	json: itemJson.parse({ body }),
});

const delivery = z.object({ body: z.unknown() });

/** @returns the event of the item that an execution begins with, undefined when no delivery was taken up */
export function eventOf(item: INodeExecutionData | undefined): CallEvent | undefined {
	const event = parseEvent(delivery.safeParse(item?.json).data?.body);
	return 'wrong' in event ? undefined : event;
}
