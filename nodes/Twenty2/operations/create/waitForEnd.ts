import type { INodeProperties } from 'n8n-workflow';

import { adviceFor, Failure, failureOnly } from '../../api/failure';
import { hasEnded } from '../../api/responses';
import type { Connection } from '../../connection/connect';
import { verdictOn } from '../../connection/retryRule';
import type { JsonObject } from '../../json';
import { Alarm } from '../../policy/abortable';
import type { Entry } from '../../policy/ledger';
import { send } from '../../policy/retry';
import type { RequestOptions } from '../fields/options';
import type { Parameters } from '../fields/parameters';
import { numberOf, yesOrNo } from '../fields/schemas';
import { ringsAt } from './callingHours';

const displayOptions = { show: { operation: ['createCall'] } };

export const waitForCompletion: INodeProperties = {
	displayName: 'Wait for Completion',
	name: 'waitForCompletion',
	type: 'boolean',
	default: false,
	description:
		'Whether the item comes out when the call has ended, with how it went. Until then the call counts among the Concurrent Calls of the credential.',
	displayOptions,
};

/** Shows an option only when the call is waited for. */
export const whenWaiting = { show: { '/waitForCompletion': [true] } };

export const maxWaitMinutes: INodeProperties = {
	displayName: 'Max Wait (Minutes)',
	name: 'maxWaitMinutes',
	type: 'number',
	typeOptions: { minValue: 0 },
	default: 30,
	description:
		'How long to wait for the end of a call. A call that takes longer goes on, and the item says WAIT_TIMEOUT with its call_id.',
	displayOptions: whenWaiting,
};

export const pollIntervalSeconds: INodeProperties = {
	displayName: 'Poll Interval (Seconds)',
	name: 'pollIntervalSeconds',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 10,
	description:
		'How often to look whether the call has ended. While the limit of the key is nearly used up, the node looks less often.',
	displayOptions: whenWaiting,
};

/** The least time for one poll, also for one past the deadline. Most answers take less. */
const MIN_POLL_MS = 2_000;

/** How to wait for the end of a call. */
export interface Polling {
	/** How long to wait for the end, in milliseconds. */
	maxWaitMs: number;
	/** The time between two polls, in milliseconds. */
	intervalMs: number;
}

/** @returns undefined when the call is not waited for @throws Failure `INVALID_INPUT` naming the field */
export function pollingOf(parameters: Parameters): Polling | undefined {
	if (!parameters.read(waitForCompletion, yesOrNo)) return undefined;
	const interval = numberOf('seconds', 1, 3600);
	return {
		maxWaitMs: parameters.readOption(maxWaitMinutes, numberOf('minutes', 0)) * 60_000,
		intervalMs: parameters.readOption(pollIntervalSeconds, interval) * 1_000,
	};
}

export interface WaitForEndOptions extends Pick<Connection, 'twenty2' | 'access'> {
	polling: Polling;
	requestOptions: RequestOptions;
	/** Ends the wait. */
	signal: AbortSignal;
	/** An earlier try placed the call, so it may have ended long ago: poll at once. */
	resumed: boolean;
	/** Poll again even when the end is known, because the links to the files of a call expire. */
	refresh: boolean;
}

/** @returns Twenty2's answer that showed an earlier try the end of the call, if one did */
export function knownEnd({ state }: Entry): JsonObject | undefined {
	return state.is === 'placed' ? state.ended : undefined;
}

/**
 * Waits until a placed call has ended, however it ends.
 * @returns Twenty2's answer to the last poll
 * @throws Failure with outcome `placed`: `WAIT_TIMEOUT`, or why the call cannot be read; the signal's
 * reason
 */
export async function waitForEnd(
	callId: string,
	entry: Entry,
	{ twenty2, access, polling, requestOptions, signal, resumed, refresh }: WaitForEndOptions,
): Promise<JsonObject> {
	const known = knownEnd(entry);
	if (known && !refresh) return known;

	const { maxWaitMs, intervalMs } = polling;
	const look = {
		what: `Looking whether ${callId} has ended`,
		send: async () => {
			entry.attempts++;
			return await twenty2.getCall(callId, requestOptions);
		},
		judge: verdictOn,
	};
	const deadline = performance.now() + maxWaitMs;
	const timeout = new AbortController();
	const alarm = new Alarm(() => timeout.abort(tooLong(maxWaitMs)));
	const pollSignal = AbortSignal.any([signal, timeout.signal]);
	const poll = async () => {
		alarm.set(Math.max(deadline, performance.now() + MIN_POLL_MS));
		return await send(look, requestOptions, access.polls, pollSignal).finally(() => {
			alarm.set(Number.POSITIVE_INFINITY);
		});
	};
	const pollToEnd = async () => {
		for (let pause = resumed ? 0 : intervalMs; ; pause = intervalMs) {
			const left = Math.max(0, deadline - performance.now());
			const ms = Math.ceil(Math.min(pause, left));
			if (ms > 0) await access.sleepUntilEnded(callId, ms, signal);
			const body = await poll();
			if (hasEnded(twenty2.simplify(body))) {
				access.callEnded(callId);
				return body;
			}
			// A timer may fire a millisecond early, and a poll may have been queued beyond the deadline.
			if (performance.now() >= deadline - 1) throw tooLong(maxWaitMs);
		}
	};

	// A poll that was sent cannot be taken back, but the wait need not last until its answer.
	const timedOut = new Promise<never>((_, reject) => {
		timeout.signal.addEventListener('abort', () => reject(timeout.signal.reason), { once: true });
	});
	const ended = await Promise.race([pollToEnd(), timedOut]).catch((error: unknown) => {
		const { attempts } = entry;
		const description = howToContinue();
		const placed = { outcome: 'placed', call_id: callId, attempts, description } as const;
		throw failureOnly(error).with(placed);
	});
	if (entry.state.is === 'placed') entry.state.ended = ended;
	return ended;
}

function tooLong(ms: number): Failure {
	const minutes = Math.round(ms / 600) / 100;
	const duration = minutes === 1 ? '1 minute' : `${minutes} minutes`;
	return Failure.ofNode('WAIT_TIMEOUT', `The call did not end within ${duration}`);
}

/** The advice after a wait that failed. Whatever the reason, the call must not be placed again. */
function howToContinue(): string {
	const now = Date.now();
	const night =
		'. Twenty2 phones nobody between 21:00 and 9:00 India time, so the call may not have rung yet';
	return `${adviceFor('WAIT_TIMEOUT')}${ringsAt(now) > now ? night : ''}`;
}
