import type { IWebhookFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import { hasEnded } from '../api/responses';
import { Failure, failureOnly } from '../api/failure';
import { connect } from '../connection/connect';
import type { JsonObject } from '../json';
import { verdictOn } from '../connection/retryRule';
import { attempt } from '../policy/retry';
import type { Pass } from '../policy/budget';
import type { CallEvent } from './event';
import { objectionAfter, type Objection } from './looks';
import { perNode } from './perNode';
import { unusable, type Settings } from './settings';

/** Whether Twenty2 itself says what an event says. Where it does not, n8n's log tells why. */
export type Verification = (event: CallEvent) => Promise<boolean>;

/** As patient as Get Call is with its defaults. */
const patience = { maxRetries: 3, giveUpAfterMs: 300_000, timeoutMs: 30_000 };

const lineOf = perNode(() => pLimit(1));

/**
 * How this node verifies events: not at all where it is switched off or there is no credential.
 * @throws NodeOperationError when it is switched on without a credential, or with one of which a
 * field is wrong
 */
export async function verificationOf(
	n8n: IWebhookFunctions,
	{ generation, verify }: Settings,
): Promise<Verification> {
	const hasCredential = n8n.getNode().credentials?.[generation.credentialType] !== undefined;
	if (verify === true && !hasCredential) {
		throw unusable(
			n8n,
			'Verify is on, but there is no Twenty2 credential to ask Twenty2 with',
			'Choose a Twenty2 credential, or switch Verify off',
		);
	}
	if (!hasCredential || verify === false) return async () => true;

	const { twenty2, access } = await connect(n8n, generation).catch((error: unknown) => {
		const { message, description } = failureOnly(error).fields;
		throw unusable(n8n, message, description);
	});
	return async (event) => {
		const look = async (pass: Pass) => {
			const lookUp = {
				what: `Verifying ${event.eventId}`,
				send: async () => await twenty2.getCall(event.callId, patience),
				judge: verdictOn,
			};
			const unstoppable = new AbortController().signal;
			return await attempt(lookUp, patience, pass, unstoppable).then(
				(body) => objectionTo(event, twenty2.simplify(body)),
				unanswered,
			);
		};
		const objection = await objectionAfter(look, access, lineOf(n8n));
		if (objection) {
			n8n.logger.warn(`Twenty2 event ${event.eventId} started nothing: ${objection.because}`);
		}
		return objection === undefined;
	};
}

/** @param call as Twenty2 knows it, under the public names */
function objectionTo({ event, status: told }: CallEvent, call: JsonObject): Objection | undefined {
	const { status } = call;
	const isCompleted = status === 'completed';
	if (status === told && isCompleted === (event === 'call.completed')) return undefined;
	return {
		because: `it is ${event} and says that the call is ${told}, whereas Twenty2 says ${String(status)}`,
		mayPass: !hasEnded(call),
	};
}

function unanswered(reason: Error): Objection {
	const isUnknown = reason instanceof Failure && reason.fields.status === 404;
	return { because: reason.message, mayPass: isUnknown };
}
