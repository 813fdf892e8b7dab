import type { INodeProperties, NodeHint } from 'n8n-workflow';

import { adviceFor, Failure, failureOnly } from '../../api/failure';
import type { Connection } from '../../connection/connect';
import { lacksReadAccess, verdictOn } from '../../connection/retryRule';
import type { JsonObject } from '../../json';
import { Alarm } from '../../policy/abortable';
import type { Entry } from '../../policy/ledger';
import { backoffMs, LONGEST_BACKOFF_MS, read } from '../../policy/retry';
import type { RequestOptions } from '../fields/options';
import type { FieldReader } from '../fields/parameters';
import { numberOf, yesOrNo } from '../fields/schemas';
import type { CallEnds } from './callEnds';
import { ringsAt } from './ringingTime';

const displayOptions = { show: { operation: ['createCall'] } };

export const waitForCompletion: INodeProperties = {
	displayName: 'Wait for Completion',
	name: 'waitForCompletion',
	type: 'boolean',
	default: false,
	description:
		'Whether to wait until the call has ended and return its result. Each waiting call uses one of your Concurrent Calls.',
	displayOptions,
};

/** Shown beside the switch, because whoever stops the execution would not know it. */
export const waitNotice: INodeProperties = {
	displayName:
		'The step ends with the call, after 30 minutes at most, or as long as Max Wait in the options says. Stopping the execution does not hang up: the calls go on, and their IDs are not shown. Find them in Twenty2, or with Get Many Calls if you have a workspace.',
	name: 'waitNotice',
	type: 'notice',
	default: '',
	displayOptions: { show: { operation: ['createCall'], waitForCompletion: [true] } },
};

/**
 * Whether `ringsAt` is further away than Max Wait. The editor works it out in the browser. Nine hours earlier the night
 * in India is the second half of a day.
 */
const isTooLate =
	'={{ $parameter["operation"] === "createCall" && $parameter["waitForCompletion"] === true && $parameter["options"]["dryRun"] !== true && [$now.setZone("Asia/Kolkata").minus({ hours: 9 })].some(({ hour, minute }) => hour >= 12 && 24 * 60 - hour * 60 - minute > ($parameter["options"]["maxWaitMinutes"] ?? 30)) }}';

/** Shown before a run whose wait would end before its calls ring. */
export const nightHint: NodeHint = {
	message:
		'Twenty2 phones nobody between 21:00 and 9:00 India time. Now Max Wait would end before these calls ring.',
	type: 'warning',
	location: 'outputPane',
	whenToDisplay: 'beforeExecution',
	displayCondition: isTooLate,
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
		'How long to wait for the end of a call. A longer call goes on, and its item says WAIT_TIMEOUT with the call_id.',
	displayOptions: whenWaiting,
};

export const pollIntervalSeconds: INodeProperties = {
	displayName: 'Check Every (Seconds)',
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
export function pollingOf(parameters: FieldReader): Polling | undefined {
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
	/** Which of the calls that are looked at are over. */
	ends: CallEnds;
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
 * Waits until a placed call has ended, however it ends. A look that fails means that this is not known
 * yet: the next look follows after a backoff, until the time is up.
 * @returns Twenty2's answer to the last look
 * @throws Failure with outcome `placed`: `WAIT_TIMEOUT`, or that the key may not read calls; the signal's
 * reason
 */
export async function waitForEnd(
	callId: string,
	entry: Entry,
	{ twenty2, access, polling, requestOptions, ends, signal, resumed, refresh }: WaitForEndOptions,
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
		verdictOn,
	};
	// A look that fails is not retried: the next look follows anyway.
	const once = { ...requestOptions, maxRetries: 0 };
	const longestBackoffMs = Math.max(intervalMs, LONGEST_BACKOFF_MS);
	/** Of the looks since the last one that was answered. */
	const failures: Failure[] = [];
	const deadline = performance.now() + maxWaitMs;
	const timeout = new AbortController();
	const alarm = new Alarm(() => timeout.abort(tooLong(maxWaitMs, failures.at(-1))));
	const pollSignal = AbortSignal.any([signal, timeout.signal]);

	/** @returns undefined when the look failed */
	const poll = async (): Promise<JsonObject | undefined> => {
		alarm.set(Math.max(deadline, performance.now() + MIN_POLL_MS));
		try {
			const body = await read(access, 'poll', look, once, pollSignal);
			failures.length = 0;
			return body;
		} catch (error) {
			pollSignal.throwIfAborted();
			const failure = failureOnly(error);
			if (lacksReadAccess(failure)) throw failure;
			failures.push(failure);
			return undefined;
		} finally {
			alarm.set(Number.POSITIVE_INFINITY);
		}
	};
	const pollToEnd = async () => {
		let pause = resumed ? 0 : intervalMs;
		for (;;) {
			const left = Math.max(0, deadline - performance.now());
			const ms = Math.ceil(Math.min(pause, left));
			if (ms > 0) await access.sleepUntilEnded(callId, ms, signal);
			const body = await poll();
			if (body && ends.isOver(callId, twenty2.unify(body))) {
				access.callEnded(callId);
				return body;
			}
			// A timer may fire a millisecond early, and a poll may have been queued beyond the deadline.
			if (performance.now() >= deadline - 1) throw tooLong(maxWaitMs, failures.at(-1));
			pause = body ? intervalMs : backoffMs(failures.length, longestBackoffMs);
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

/** @param trouble of the last look, if it failed */
function tooLong(ms: number, trouble?: Failure): Failure {
	const minutes = Math.round(ms / 600) / 100;
	const duration = minutes === 1 ? '1 minute' : `${minutes} minutes`;
	const unknown = trouble
		? `, as far as is known. The last look at it: ${trouble.fields.message}`
		: '';
	return Failure.ofNode('WAIT_TIMEOUT', `The call did not end within ${duration}${unknown}`);
}

/** The advice after a wait that failed. Whatever the reason, the call must not be placed again. */
function howToContinue(): string {
	const now = Date.now();
	const night =
		'. Twenty2 phones nobody between 21:00 and 9:00 India time, so the call may not have rung yet';
	return `${adviceFor('WAIT_TIMEOUT')}${ringsAt(now) > now ? night : ''}`;
}
