import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import type { Generation, Twenty2 } from '../api/client';
import { failureOnly, type Failure } from '../api/failure';
import { endOf } from '../api/responses';
import { connectToApi } from '../connection/connect';
import { logLine } from '../connection/logLine';
import { deservesBackoff, verdictOn } from '../connection/retryRule';
import type { JsonObject } from '../json';
import { acquire, sleep } from '../policy/abortable';
import type { Limits } from '../policy/keyLimits';
import { backoffMs } from '../policy/retry';
import type { CallEvent } from './event';

/** What Twenty2 says of an event. */
export type Verification =
	/** `call` is the call as Twenty2 knows it, under the public names. */
	{ is: 'confirmed'; call: JsonObject } | { is: 'contradicted'; because: string };

/** The result of one look. `call` is the call that Twenty2 says has not ended. */
type Look = Verification | { is: 'unknown' | 'not ended'; because: string; call?: JsonObject };

/** For so long after an event came, Twenty2's reads may be behind its events, in milliseconds. */
const BEHIND_MS = { unknown: 15_000, 'not ended': 60_000 };

/** The patience of Get Call. */
const patience = { maxRetries: 6, giveUpAfterMs: 300_000, timeoutMs: 30_000 };

/** Codes of answers that need not be Twenty2's, and of addresses where it has no calls. */
const tellNothing = ['NOT_FOUND', 'BAD_REQUEST', 'VALIDATION_ERROR'];

/** Statuses with which Twenty2 says that no call has this ID. */
const noSuchCall = [400, 404, 422];

/**
 * Asks Twenty2 whether an event is true, until it confirms or contradicts it.
 * @throws Failure when Twenty2 cannot be asked, the reason when the execution is stopped
 */
export async function verifyEvent(
	n8n: IExecuteFunctions,
	generation: Generation,
	event: CallEvent,
): Promise<Verification> {
	const { twenty2, baseUrl, limits, request } = await connectToApi(n8n, generation);
	const signal = n8n.getExecutionCancelSignal() ?? new AbortController().signal;
	const credential = n8n.getNode().credentials?.[generation.credentialType]?.id ?? '';
	const looks = looksWith(`${credential} ${baseUrl}`, limits);
	const send = async () =>
		await request({
			what: `Verifying ${event.eventId}`,
			send: async () => await twenty2.getCall(event.callId, patience),
			// Trouble is retried below, so that no event waits for the backoff of another one.
			patience: { ...patience, maxRetries: 0 },
			signal,
		});

	const look = async (failures = 0): Promise<Look> =>
		await looks.inTurn(send, signal).then(
			({ answer }) => compared(event, twenty2, answer),
			async (error: unknown) => {
				const failure = failureOnly(error);
				const { status, code, message } = failure.fields;
				if (status !== null && noSuchCall.includes(status) && !tellNothing.includes(code)) {
					return { is: 'unknown', because: logLine(message) };
				}
				if (failures === patience.maxRetries || !isTrouble(failure)) {
					throw notChecked(event, failure);
				}
				await sleep(backoffMs(failures + 1), signal);
				return await look(failures + 1);
			},
		);
	return await settled(look, signal);
}

/**
 * Looks until Twenty2 confirms or contradicts the event. Twenty2 may send an event before its reads show
 * the end, or the call, so what contradicts it for that reason only counts after a while.
 */
async function settled(look: () => Promise<Look>, signal: AbortSignal): Promise<Verification> {
	const from = performance.now();
	const calls: Array<JsonObject | undefined> = [];
	for (;;) {
		const seen = await look();
		if (seen.is === 'confirmed' || seen.is === 'contradicted') return seen;
		calls.push(seen.call);
		if (seen.call && isOver(calls.slice(-3))) return { is: 'confirmed', call: seen.call };
		const left = from + BEHIND_MS[seen.is] - performance.now();
		// A timer may fire a millisecond early.
		if (left <= 1) return { is: 'contradicted', because: seen.because };
		await sleep(Math.min(backoffMs(calls.length), left), signal);
	}
}

/**
 * Whether a call that has a status which nobody documents is over: it has lasted or cost something, and
 * three looks say the same. The duration of a live call grows.
 */
function isOver(looks: Array<JsonObject | undefined>): boolean {
	const facts = looks.map((call = {}) => {
		const { status, duration_seconds, cost } = call;
		const counts = Number(duration_seconds) > 0 || Number.parseFloat(String(cost)) > 0;
		return counts ? JSON.stringify([status, duration_seconds, cost]) : undefined;
	});
	return facts.length === 3 && facts[0] !== undefined && new Set(facts).size === 1;
}

/**
 * Compares an event with Twenty2's answer. Only completed against not completed is a contradiction:
 * other words for the same end are none.
 */
function compared({ event, status: told }: CallEvent, twenty2: Twenty2, body: JsonObject): Look {
	const call = twenty2.unify(body);
	const end = endOf(call);
	const because = `it is ${event} and says that the call is ${logLine(told, 100)}, whereas Twenty2 says ${logLine(String(call.status), 100)}`;
	if (end === undefined) return { is: 'not ended', because, call };
	const isContradicted = end === (event === 'call.completed' ? 'not completed' : 'completed');
	return isContradicted ? { is: 'contradicted', because } : { is: 'confirmed', call };
}

/** Whether a failure may pass within a minute. A proxy's trouble does, too. */
const isTrouble = (failure: Failure) =>
	deservesBackoff(verdictOn(failure)) || (failure.fields.status ?? 0) >= 500;

function notChecked({ eventId, callId }: CallEvent, failure: Failure): Failure {
	const { code, message, description } = failure.fields;
	const what = `The event ${eventId} of the call ${callId} could not be checked with Twenty2`;
	const passes = isTrouble(failure) || code === 'RATE_LIMIT_EXCEEDED';
	return failure.with({
		message: `${what}: ${logLine(message)}`,
		description: passes ? 'Retry this execution later: it asks Twenty2 again' : description,
	});
}

const MINUTE_MS = 60_000;

/** Of the limit, what looks may use by themselves: the rest is free for other requests, whatever comes. */
const SHARE_OF_LOOKS = 3 / 4;

/**
 * The looks at the calls of events, all with one credential. All executions of the trigger take turns
 * with the other executions as one, or a Get Call would wait behind fifty invented events.
 */
class Looks {
	private readonly atOnce = pLimit(1);

	private readonly perMinute = pLimit(1);

	allow({ requestsPerMinute, concurrentCalls }: Limits): this {
		this.atOnce.concurrency = concurrentCalls;
		this.perMinute.concurrency = Math.ceil(requestsPerMinute * SHARE_OF_LOOKS);
		return this;
	}

	/** @throws the signal's reason, or what `send` rejects with */
	async inTurn<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
		const leave = await acquire(this.atOnce, signal);
		try {
			const forget = await acquire(this.perMinute, signal);
			return await send().finally(
				() => void sleep(MINUTE_MS, new AbortController().signal).then(forget),
			);
		} finally {
			leave();
		}
	}
}

/** By the credential and its address. */
const allLooks = new Map<string, Looks>();

function looksWith(credential: string, limits: Limits): Looks {
	const looks = allLooks.get(credential) ?? new Looks();
	allLooks.set(credential, looks);
	return looks.allow(limits);
}
