import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import type { Generation, Twenty2 } from '../api/client';
import { failureOnly, type Failure } from '../api/failure';
import { billOf, endOf } from '../api/responses';
import { connectToApi } from '../connection/connect';
import { logLine } from '../connection/logLine';
import { deservesBackoff, verdictOn } from '../connection/retryRule';
import type { JsonObject } from '../json';
import { acquire, sleep } from '../policy/abortable';
import type { Limits } from '../policy/keyLimits';
import { backoffMs } from '../policy/retry';
import type { CallEvent } from './event';

/** What Twenty2 says of an event. `call` is the call as Twenty2 knows it, under the public names. */
export type Verification =
	| { is: 'confirmed'; call: JsonObject }
	| { is: 'contradicted'; because: string };

/** The result of one look. `call` is a call that has not ended. */
type Look = Verification | { is: 'unknown' | 'not ended'; because: string; call?: JsonObject };

/** How long after an event Twenty2's reads may be behind it, in milliseconds. */
const BEHIND_MS = { unknown: 15_000, 'not ended': 60_000 };

/** How many looks in a row have to agree that a call is over of which Twenty2 does not say so. */
const AGREEING_LOOKS = 3;

/** The patience of Get Call. */
const patience = { maxRetries: 6, giveUpAfterMs: 300_000, timeoutMs: 30_000 };

/** These codes may come from another server or a wrong address. */
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
 * Looks until Twenty2 confirms or contradicts the event. Twenty2 may send an event before its reads show the call or
 * its end, so that only contradicts the event after a while.
 */
async function settled(look: () => Promise<Look>, signal: AbortSignal): Promise<Verification> {
	const from = performance.now();
	let last: string | undefined;
	let agreeing = 0;
	for (let looks = 1; ; looks++) {
		const seen = await look();
		if (seen.is === 'confirmed' || seen.is === 'contradicted') return seen;
		const { call, because } = seen;
		const bill = call && billOf(call);
		agreeing = bill !== undefined && bill === last ? agreeing + 1 : 1;
		last = bill;
		// The duration of a live call grows, so a call of an unknown status is over when it stays the same.
		if (call && agreeing === AGREEING_LOOKS) return { is: 'confirmed', call };
		const left = from + BEHIND_MS[seen.is] - performance.now();
		// A timer may fire a millisecond early.
		if (left <= 1) return { is: 'contradicted', because };
		await sleep(Math.min(backoffMs(looks), left), signal);
	}
}

/** Compares an event with Twenty2's answer. Only "completed" and "not completed" contradict each other. */
function compared({ event, status: told }: CallEvent, twenty2: Twenty2, body: JsonObject): Look {
	const call = twenty2.unify(body);
	const end = endOf(call);
	const because = `it is ${event} and says that the call is ${logLine(told, 100)}, whereas Twenty2 says ${logLine(String(call.status), 100)}`;
	if (end === undefined) return { is: 'not ended', because, call };
	const isContradicted = end === (event === 'call.completed' ? 'not completed' : 'completed');
	return isContradicted ? { is: 'contradicted', because } : { is: 'confirmed', call };
}

/** Whether a failure may pass within a minute, as also a proxy's may. */
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

/** The share of the key's limit that looks may use. The rest is for other requests. */
const SHARE_OF_LOOKS = 3 / 4;

/**
 * The looks at the calls of events with one credential. All executions of the trigger wait in one queue, so that a
 * Get Call does not wait behind fifty invented events.
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
