import type { IWebhookFunctions } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';

import type { Twenty2 } from '../api/client';
import { Failure, failureOnly } from '../api/failure';
import { endOf } from '../api/responses';
import { connectToApi } from '../connection/connect';
import { logLine } from '../connection/logLine';
import { verdictOn } from '../connection/retryRule';
import type { JsonObject } from '../json';
import { sleep } from '../policy/abortable';
import type { Access, Budget, Lane } from '../policy/budget';
import { send } from '../policy/retry';
import type { CallEvent } from './event';
import { perNode } from './seenEvents';
import type { Settings } from './settings';

/** What is known of an event in the time that a sender waits for the answer. */
export type Verdict =
	/** `call` is the call as Twenty2 knows it, under the public names; undefined when nobody asked. */
	| { is: 'confirmed'; call?: JsonObject }
	/** Twenty2 contradicts the event. */
	| { is: 'refuted'; because: string }
	/** It is not known yet. A repeat of the event may be confirmed. */
	| { is: 'open'; because: string }
	/** Twenty2 could not be asked. */
	| { is: 'unchecked'; failure: Failure };

/** The result of one look-up. A call that Twenty2 does not know may be known a moment later. */
type Look = Verdict | { is: 'unknown'; because: string };

/**
 * How many events of this process are verified at a time. n8n keeps an isolate of about 11 MB for a
 * delivery until `webhook()` returns (n8n 2.41).
 */
const VERIFIED_AT_ONCE = 20;

/** Twenty2 expects an answer within 5 seconds (Twenty2 documentation, Webhooks). */
const LONGEST_MS = 4_000;

/** The pauses before the second look-up and the one after it. Twenty2 may send an event before its reads show the end. */
const PAUSES_MS = [1_000, 2_000];

/** Retries end with the time for the answer. */
const patience = { maxRetries: 3, giveUpAfterMs: LONGEST_MS, timeoutMs: 3_000 };

/** Statuses with which Twenty2 says that no call has this ID. */
const noSuchCall = [400, 404, 422];

const inProcess = pLimit(VERIFIED_AT_ONCE);

const noRoom = {
	is: 'open',
	because: 'The limits of the key leave no time to verify it',
} as const;

/** How many events of a node are looked up again at a time: invented ones must not take all the room. */
const RECHECKED_AT_ONCE = 5;

/** What the deliveries to one trigger node share. */
const sharedOf = perNode<Shared>(() => ({
	accesses: new WeakMap(),
	rechecks: pLimit(RECHECKED_AT_ONCE),
}));

interface Shared {
	accesses: WeakMap<Budget, Access>;
	/** The access of the latest delivery. */
	latest?: Access;
	rechecks: LimitFunction;
}

/**
 * Asks Twenty2 whether an event is true. Without a credential, or with Verify switched off, every
 * event is confirmed.
 * @throws Failure `INVALID_INPUT` when Verify is switched on without a credential, or when a field of
 * the credential is wrong
 */
export async function verify(
	n8n: IWebhookFunctions,
	settings: Settings,
	event: CallEvent,
): Promise<Verdict> {
	const { credentialType } = settings.generation;
	const hasCredential = n8n.getNode().credentials?.[credentialType] !== undefined;
	if (settings.verify === true && !hasCredential) {
		throw Failure.ofInput(
			'INVALID_INPUT',
			'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
			'Choose a Twenty2 credential, or switch Verify off',
		);
	}
	if (!hasCredential || settings.verify === false) return { is: 'confirmed' };

	// What would only wait is answered at once: it would hold an isolate for nothing. The latest access tells
	// that without the credential, for which n8n creates another isolate (n8n 2.41).
	if (sharedOf(n8n).latest?.checksWait) return noRoom;
	// Backpressure: what comes beyond is not queued, because each queued delivery would hold an isolate.
	if (inProcess.activeCount + inProcess.pendingCount >= VERIFIED_AT_ONCE) {
		return { is: 'open', because: 'Too many events are being verified' };
	}
	return await inProcess(async () => await verifyInTime(n8n, settings, event));
}

/** Verifies an event, as far as there is time. */
async function verifyInTime(
	n8n: IWebhookFunctions,
	{ generation }: Settings,
	event: CallEvent,
): Promise<Verdict> {
	const { twenty2, access } = await connectToApi(n8n, generation, (...opened) =>
		accessOf(n8n, ...opened),
	);
	if (access.checksWait) return noRoom;
	const over = new AbortController();
	let latest: Look = noRoom;
	const note = (look: Look) => (latest = look);

	const lookUp = {
		what: `Verifying ${event.eventId}`,
		send: async () =>
			await twenty2.getCall(event.callId, patience).catch((reason: unknown) => {
				note(unanswered(event, reason));
				throw reason;
			}),
		judge: verdictOn,
	};
	const look = async (lane: Lane): Promise<Look> =>
		await send(lookUp, patience, lane, over.signal).then(
			(body) => note(compared(event, twenty2, body)),
			(reason: unknown) => {
				over.signal.throwIfAborted();
				return note(unanswered(event, reason));
			},
		);

	const { rechecks } = sharedOf(n8n);
	const verdict = Promise.race([
		lastLook(look, access, rechecks, over.signal),
		sleep(LONGEST_MS, over.signal).then(() => verdictAfter(latest)),
	]);
	// What waits for its turn leaves. An answer that is still on its way comes to nothing.
	return await verdict.finally(() => over.abort());
}

/** The verdict when no more look-ups follow. @param isLast whether there was time for all of them */
function verdictAfter(look: Look, isLast = false): Verdict {
	if (look.is !== 'unknown') return look;
	return { is: isLast ? 'refuted' : 'open', because: look.because };
}

/**
 * The access of a trigger node to a budget: one for all deliveries, so that many verifications take
 * turns with executions as one run does. A credential with another key has another budget.
 */
function accessOf(n8n: IWebhookFunctions, budget: Budget, credential: string): Access {
	const shared = sharedOf(n8n);
	const { accesses } = shared;
	// The access outlives this delivery, so it must not keep the delivery's `n8n` in memory.
	const { logger } = n8n;
	const access =
		accesses.get(budget) ?? budget.open((message) => logger.debug(logLine(message)), credential);
	accesses.set(budget, access);
	shared.latest = access;
	return access;
}

/**
 * Looks an event's call up until Twenty2 confirms the event, contradicts it, or the last pause is over.
 *
 * The first look-up of an event goes before all others. These are polls, so invented events do not
 * delay a true one, and only a few events of a node wait for them.
 * @param look sends the look-up through the lane it is given
 * @param rechecks how many events are looked up again at a time
 * @param stopped ends the waiting
 * @throws the signal's reason
 */
async function lastLook(
	look: (lane: Lane) => Promise<Look>,
	{ checks, polls }: Pick<Access, 'checks' | 'polls'>,
	rechecks: LimitFunction,
	stopped: AbortSignal,
): Promise<Verdict> {
	const isSettled = ({ is }: Look) => is !== 'open' && is !== 'unknown';
	let found = await look(checks);
	if (isSettled(found)) return verdictAfter(found);
	if (rechecks.activeCount + rechecks.pendingCount >= RECHECKED_AT_ONCE) return verdictAfter(found);
	return await rechecks(async () => {
		for (const pauseMs of PAUSES_MS) {
			await sleep(pauseMs, stopped);
			found = await look(polls);
			if (isSettled(found)) break;
		}
		return verdictAfter(found, true);
	});
}

/**
 * Compares an event with Twenty2's answer. Only completed against not completed is a contradiction:
 * other words for the same end are none.
 */
function compared({ event, status: told }: CallEvent, twenty2: Twenty2, body: JsonObject): Look {
	const call = twenty2.unify(body);
	const end = endOf(call);
	const because = `it is ${event} and says that the call is ${logLine(told, 100)}, whereas Twenty2 says ${logLine(String(call.status), 100)}`;
	if (end === undefined) return { is: 'open', because };
	const isContradicted = end === (event === 'call.completed' ? 'not completed' : 'completed');
	return isContradicted ? { is: 'refuted', because } : { is: 'confirmed', call };
}

/** What a failed look-up says of an event. @throws what is no Failure */
function unanswered({ eventId, callId }: CallEvent, reason: unknown): Look {
	const failure = failureOnly(reason);
	const { status, code, message } = failure.fields;
	const because = logLine(message);
	if (status !== null && noSuchCall.includes(status)) return { is: 'unknown', because };
	if (code === 'RATE_LIMIT_EXCEEDED') return { is: 'open', because };
	const what = `The event ${eventId} of the call ${callId} could not be checked with Twenty2`;
	return { is: 'unchecked', failure: failure.with({ message: `${what}: ${because}` }) };
}
