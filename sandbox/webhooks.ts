import type { Accounts } from './accounts';
import { type Call, stateOf } from './calls';
import { recordingLink } from './mediaLinks';

/** The body that Twenty2 sends to a workspace's webhook URL. */
export interface WebhookEvent extends Record<string, unknown> {
	event: 'call.completed' | 'call.failed';
	event_id: string;
	call: { call_id: string; status: string } & Record<string, unknown>;
}

/** The answer to a delivery. */
export interface Delivered {
	status: number;
	body: string;
	/** Duration until the end of the answer, in ms. */
	ms: number;
}

/** Twenty2's documentation asks for a 200 within 5 seconds. */
const TIMEOUT_MS = 5_000;

/** Webhook events have numbers without a country code. */
const national = (number: string) => number.replace(/^\+91/, '');

const iso = (at: number) => new Date(at).toISOString();

/**
 * The event for the end of a call. It always has the same event_id.
 * @param url the sandbox's address
 * @param now in ms since 1970
 * @throws TypeError when the call has not ended
 */
export function webhookEvent(
	call: Call,
	{ workspaceKeys }: Accounts,
	url: string,
	now: number,
): WebhookEvent {
	const state = stateOf(call, now);
	const { completed } = state;
	if (now < call.endedAt) throw new TypeError(`${call.call_id} is ${state.status}`);
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
			ended_at: iso(call.endedAt),
			duration_seconds: state.durationSeconds,
			billed_duration_seconds: state.durationSeconds,
			call_cost_inr: Number.parseFloat(state.cost),
			// The documentation mentions no other reason.
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
 * Sends a body to a webhook URL, as Twenty2 does.
 * @param body a string is sent as it is, everything else as JSON
 * @param timeoutMs longer where a test on a busy machine does not depend on the response time
 * @throws when there is no complete answer within `timeoutMs`
 */
export async function deliver(
	url: string,
	body: unknown,
	timeoutMs = TIMEOUT_MS,
): Promise<Delivered> {
	const start = performance.now();
	const response = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: typeof body === 'string' ? body : JSON.stringify(body),
		signal: AbortSignal.timeout(timeoutMs),
	});
	const text = await response.text();
	return { status: response.status, body: text, ms: performance.now() - start };
}
