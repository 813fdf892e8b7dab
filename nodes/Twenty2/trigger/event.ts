import * as z from 'zod/v4/mini';

import { simplified } from '../api/responses';
import { jsonObject, type JsonObject } from '../json';
import { identifier } from '../operations/fields/schemas';

/** What Twenty2 sends when a call has ended (Twenty2 documentation, Webhooks). */
export interface CallEvent {
	event: 'call.completed' | 'call.failed';
	/** The same again when Twenty2 repeats a delivery. */
	eventId: string;
	assistantId: string | undefined;
	callId: string;
	/** What became of the call. */
	status: string;
	/** As it came. */
	body: JsonObject;
}

const notObject = 'must be a JSON object';
const notEventId = 'must be text of up to 200 visible characters';

/** Only what the node acts on; a field of an odd shape must not hide that a call has ended. */
const delivered = z.object(
	{
		event: z.enum(['call.completed', 'call.failed'], 'must be call.completed or call.failed'),
		// Goes into n8n's log and is remembered, so nothing that breaks a line or fills the memory.
		event_id: z.string(notEventId).check(z.regex(/^[\x21-\x7e]{1,200}$/, notEventId)),
		assistant_id: z.catch(z.optional(z.string()), undefined),
		call: z.object({ call_id: identifier, status: z.string('must be text') }, notObject),
	},
	notObject,
);

/** The event in the body of a delivery, or what keeps it from being one. */
export function eventIn(body: unknown): CallEvent | { wrong: string } {
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

const ifSo = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

const links = ifSo(z.looseObject({ url: z.string() }));

const details = z.object({
	call: z.object({ call_cost_inr: ifSo(z.number()), disconnection_reason: z.unknown() }),
	contact: ifSo(z.object({ input_variables: z.unknown() })),
	recording: links,
	transcript: links,
});

/** An event under the names that Get Call has for a call, and only what Twenty2 sent. */
export function simplifiedEvent({ event, eventId, body }: CallEvent): JsonObject {
	const { call, contact, recording, transcript } = details.parse(body);
	const simple = {
		event,
		event_id: eventId,
		...simplified(
			{
				...body,
				cost: call.call_cost_inr === undefined ? undefined : inr(call.call_cost_inr),
				input_parameters: contact?.input_variables,
				recording,
				transcript,
			},
			{ output_parameters: 'output_variables' },
		),
		disconnection_reason: call.disconnection_reason,
		contact: body.contact,
		campaign: body.campaign,
	};
	return Object.fromEntries(Object.entries(simple).filter(([, value]) => value !== undefined));
}

/** As Get Call says it. */
const inr = (amount: number) => `${amount.toFixed(2)} INR`;
