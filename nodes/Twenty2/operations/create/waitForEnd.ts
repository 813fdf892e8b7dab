import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { hasEnded } from '../../api/responses';
import { adviceFor } from '../../api/advice';
import { Failure, failureOnly } from '../../api/failure';
import { ringsAt } from './callingHours';
import type { Connection } from '../../connection/connect';
import type { JsonObject } from '../../json';
import { Alarm } from '../../policy/alarm';
import { attempt, type Patience } from '../../policy/retry';
import type { Entry } from '../../policy/ledger';
import { wait } from '../../policy/wait';
import { verdictOn } from '../../connection/retryRule';
import { yesOrNo } from '../fields/options';
import type { Parameters } from '../fields/parameters';

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

/** The options that matter only then. */
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

const notMinutes = 'must be a number of minutes from 0 up';
const minutes = z.number(notMinutes).check(z.gte(0, notMinutes));

const notInterval = 'must be a number of seconds from 1 to 3600';
const interval = z.number(notInterval).check(z.gte(1, notInterval), z.lte(3600, notInterval));

/** What a look has at least, the last one beyond the deadline: as long as an answer usually takes. */
const LOOK_MS = 2_000;

/** How to wait for the end of a call, in milliseconds. */
export interface Wait {
	longestMs: number;
	intervalMs: number;
}

/** @returns undefined when the call is not waited for @throws Failure `INVALID_INPUT` naming the field */
export function waitOf(parameters: Parameters): Wait | undefined {
	if (!parameters.read(waitForCompletion, yesOrNo)) return undefined;
	return {
		longestMs: parameters.readOption(maxWaitMinutes, minutes) * 60_000,
		intervalMs: parameters.readOption(pollIntervalSeconds, interval) * 1_000,
	};
}

/** What waiting for a call needs. */
export interface Waiting extends Pick<Connection, 'twenty2' | 'access'> {
	wait: Wait;
	patience: Patience & { timeoutMs: number };
	/** Ends the wait. */
	signal: AbortSignal;
	/** It was placed by an earlier try, so it may have ended long ago: look at once. */
	resumed: boolean;
	/** Look again even when it is known how it ended: links to its files expire. */
	afresh: boolean;
}

/**
 * Waits until a call that was placed has ended, however it ends.
 * @returns Twenty2's answer to the last look
 * @throws Failure with outcome `placed`: `WAIT_TIMEOUT`, or why it cannot be looked at; the signal's
 * reason
 */
export async function untilEnded(
	callId: string,
	entry: Entry,
	{ twenty2, access, wait: { longestMs, intervalMs }, patience, signal, resumed, afresh }: Waiting,
): Promise<JsonObject> {
	if (!afresh && entry.state.is === 'placed' && entry.state.ended) return entry.state.ended;

	const send = async () => {
		entry.attempts++;
		return await twenty2.getCall(callId, patience);
	};
	const poll = { what: `Looking whether ${callId} has ended`, send, judge: verdictOn };
	const deadline = performance.now() + longestMs;
	const late = new AbortController();
	const alarm = new Alarm(() => late.abort(tooLong(longestMs)));
	const inTime = AbortSignal.any([signal, late.signal]);
	const look = async () => {
		alarm.wakeAt(Math.max(deadline, performance.now() + LOOK_MS));
		return await attempt(poll, patience, access.polls, inTime).finally(() => {
			alarm.wakeAt(Number.POSITIVE_INFINITY);
		});
	};
	const follow = async () => {
		for (let pause = resumed ? 0 : intervalMs; ; pause = intervalMs) {
			const left = Math.max(0, deadline - performance.now());
			if (pause > 0) await wait(Math.ceil(Math.min(pause, left)), signal);
			const body = await look();
			if (hasEnded(twenty2.simplify(body))) return body;
			// A timer may be a moment early, and a look may have stood in line beyond the deadline.
			if (left <= pause || performance.now() >= deadline) throw tooLong(longestMs);
		}
	};

	// A request that was sent cannot be called back, but its answer need not be waited for.
	const tooLate = new Promise<never>((_, reject) => {
		late.signal.addEventListener('abort', () => reject(late.signal.reason), { once: true });
	});
	const ended = await Promise.race([follow(), tooLate]).catch((error: unknown) => {
		const { attempts } = entry;
		const description = howToGetOn();
		const placed = { outcome: 'placed', call_id: callId, attempts, description } as const;
		throw failureOnly(error).with(placed);
	});
	if (entry.state.is === 'placed') entry.state.ended = ended;
	return ended;
}

function tooLong(ms: number): Failure {
	const minutes = Math.round(ms / 600) / 100;
	return new Failure({
		code: 'WAIT_TIMEOUT',
		message: `The call did not end within ${minutes === 1 ? '1 minute' : `${minutes} minutes`}`,
		status: null,
		source: 'n8n',
		attempts: 0,
	});
}

/** Whatever kept the node from seeing the end, phoning again is not what to do. */
function howToGetOn(): string {
	const now = Date.now();
	const night =
		'. Twenty2 phones nobody between 21:00 and 9:00 India time, so the call may not have rung yet';
	return `${adviceFor('WAIT_TIMEOUT')}${ringsAt(now) > now ? night : ''}`;
}
