import type { Accounts } from './accounts';
import { type Call, stateOf } from './calls';
import { recordingLink } from './media';

/** What Twenty2 sends to a workspace's URL. Fields of the wire keep their names. */
export interface WebhookEvent extends Record<string, unknown> {
	event: 'call.completed' | 'call.failed';
	event_id: string;
	call: { call_id: string; status: string } & Record<string, unknown>;
}

/** How a delivery was answered. */
export interface Delivered {
	status: number;
	body: string;
	/** How long the answer took. */
	ms: number;
}

/** Twenty2 "wants a 200 within 5 seconds". */
const PATIENCE_MS = 5_000;

/** Webhooks name numbers without a country code. */
const national = (number: string) => number.replace(/^\+91/, '');

const iso = (at: number) => new Date(at).toISOString();

/**
 * The event that a call's end brings, with the same event_id whenever it is asked for.
 * @throws TypeError while the call is still going
 */
export function eventOf(
	call: Call,
	{ workspaceKeys }: Accounts,
	url: string,
	now: number,
): WebhookEvent {
	const state = stateOf(call, now);
	const completed = state.status === 'completed';
	if (state.endedAt === null) throw new TypeError(`${call.call_id} is ${state.status}`);
	return {
		event: completed ? 'call.completed' : 'call.failed',
		event_id: call.call_id.replace(/^call_/, 'evt_'),
		timestamp: iso(call.endedAt),
		workspace_id: workspaceKeys[0]?.workspaceId ?? '',
		assistant_id: call.assistant,
		assistant_name: 'Sandbox assistant',
		call: {
			call_id: call.call_id,
			direction: 'outbound',
			status: state.status,
			from_number: national(call.from_number),
			to_number: national(call.number),
			started_at: state.startedAt,
			answered_at: call.answeredAt === null ? null : iso(call.answeredAt),
			ended_at: state.endedAt,
			duration_seconds: state.durationSeconds,
			billed_duration_seconds: state.durationSeconds,
			call_cost_inr: Number.parseFloat(state.cost),
			// The documents name no other reason.
			disconnection_reason: completed ? null : 'unanswered',
		},
		campaign: { campaign_id: 'camp_sandbox', campaign_name: 'Sandbox' },
		contact: {
			phone_number: national(call.number),
			input_variables: call.input_parameters,
		},
		output_variables: state.outputParameters,
		recording: {
			available: completed,
			url: completed ? recordingLink(url, call, now).url : null,
		},
		transcript: { available: completed },
	};
}

/**
 * Sends a body as Twenty2 sends an event.
 * @param patienceMs who asks what a busy machine answers, not how soon, can wait longer
 * @throws when there is no answer in that time
 */
export async function deliver(
	url: string,
	body: unknown,
	patienceMs = PATIENCE_MS,
): Promise<Delivered> {
	const from = performance.now();
	const response = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: typeof body === 'string' ? body : JSON.stringify(body),
		signal: AbortSignal.timeout(patienceMs),
	});
	const text = await response.text();
	return { status: response.status, body: text, ms: performance.now() - from };
}
