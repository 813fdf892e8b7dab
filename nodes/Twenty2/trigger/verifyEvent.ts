import type { IWebhookFunctions } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';

import { Failure } from '../api/failure';
import { hasEnded } from '../api/responses';
import { connect } from '../connection/connect';
import { verdictOn } from '../connection/retryRule';
import type { JsonObject } from '../json';
import { sleep } from '../policy/abortable';
import type { Access, Budget, Lane } from '../policy/budget';
import { send } from '../policy/retry';
import type { CallEvent } from './event';
import { perNode } from './seenEvents';
import type { Settings } from './settings';

/** Whether Twenty2 confirms an event. When it does not, the reason is in n8n's log. */
export type Verification = (event: CallEvent) => Promise<boolean>;

/** Why an event is not believed. */
interface Objection {
	because: string;
	/** Twenty2 may confirm the event later: it can send an event before its reads show the end. */
	mayPass: boolean;
}

/** The defaults of Get Call, with fewer retries: nobody may wait a minute for a verification. */
const patience = { maxRetries: 3, giveUpAfterMs: 300_000, timeoutMs: 30_000 };

/** The pauses before the second check of an event and the checks after it. */
const PAUSES_MS = [2_000, 5_000, 15_000];

/** What the deliveries to one trigger node share. */
const sharedOf = perNode(() => ({
	accesses: new WeakMap<Budget, Access>(),
	rechecks: pLimit(1),
}));

/**
 * The way in which a node verifies events. Without a credential, or with Verify switched off, every
 * event is confirmed.
 * @throws Failure `INVALID_INPUT` when Verify is switched on without a credential, or when a field of
 * the credential is wrong
 */
export async function verificationOf(
	n8n: IWebhookFunctions,
	{ generation, verify }: Settings,
): Promise<Verification> {
	const { credentialType } = generation;
	const hasCredential = n8n.getNode().credentials?.[credentialType] !== undefined;
	if (verify === true && !hasCredential) {
		throw Failure.ofInput(
			'INVALID_INPUT',
			'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
			'Choose a Twenty2 credential, or switch Verify off',
		);
	}
	if (!hasCredential || verify === false) return async () => true;

	const connection = await connect(n8n, generation, (...opened) => accessOf(n8n, ...opened));
	return async (event) => {
		// The access opens only now, after the deferral of this event.
		const { twenty2, access } = connection;
		const check = async (lane: Lane) => {
			const lookUp = {
				what: `Verifying ${event.eventId}`,
				send: async () => await twenty2.getCall(event.callId, patience),
				judge: verdictOn,
			};
			const neverAborted = new AbortController().signal;
			return await send(lookUp, patience, lane, neverAborted).then(
				(body) => objectionOf(event, twenty2.simplify(body)),
				objectionOfFailure,
			);
		};
		const objection = await lastObjection(check, access, sharedOf(n8n).rechecks);
		if (objection) {
			n8n.logger.warn(`Twenty2 event ${event.eventId} started nothing: ${objection.because}`);
		}
		return objection === undefined;
	};
}

/**
 * The access of a trigger node to a budget: one for all deliveries, so that many verifications take
 * turns with executions as one run does. A credential with another key has another budget.
 */
function accessOf(n8n: IWebhookFunctions, budget: Budget, credential: string): Access {
	const { accesses } = sharedOf(n8n);
	// The access outlives this delivery, so it must not keep the delivery's `n8n` in memory.
	const { logger } = n8n;
	const access =
		accesses.get(budget) ?? budget.open((message) => logger.debug(message), credential);
	accesses.set(budget, access);
	return access;
}

/**
 * Checks an event until Twenty2 confirms it, contradicts it, or the last pause is over.
 *
 * The first check of an event goes before all rechecks. These go one at a time for each node and as
 * polls, which leave room for other requests, so invented events do not delay a true one.
 * @param check sends the look-up through the lane it is given
 * @param rechecks the limit of one recheck at a time for the node
 * @returns the objection of the last check; undefined when Twenty2 confirms the event
 */
async function lastObjection(
	check: (lane: Lane) => Promise<Objection | undefined>,
	{ reads, polls }: Pick<Access, 'reads' | 'polls'>,
	rechecks: LimitFunction,
): Promise<Objection | undefined> {
	let objection = await check(reads);
	for (const pauseMs of PAUSES_MS) {
		if (!objection?.mayPass) break;
		await sleep(pauseMs, new AbortController().signal);
		objection = await rechecks(async () => await check(polls));
	}
	return objection;
}

/** @param call as Twenty2 knows it, under the public names */
function objectionOf({ event, status: told }: CallEvent, call: JsonObject): Objection | undefined {
	const { status } = call;
	const isCompleted = status === 'completed';
	if (status === told && isCompleted === (event === 'call.completed')) return undefined;
	return {
		because: `it is ${event} and says that the call is ${told}, whereas Twenty2 says ${String(status)}`,
		mayPass: !hasEnded(call),
	};
}

/** Without an answer an event is not believed. A call that Twenty2 does not know may be known later. */
function objectionOfFailure(reason: Error): Objection {
	const isUnknown = reason instanceof Failure && reason.fields.status === 404;
	return { because: reason.message, mayPass: isUnknown };
}
