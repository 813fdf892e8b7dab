import * as z from 'zod/v4/mini';

import type { JsonObject } from '../json';
import { accountFields, readCredential, secret } from './account';
import type { Generation } from './client';
import { adviceFor, failureOnly } from './failure';
import { refusalIn } from './refusal';
import { createdIn, listedIn, readIn, unified, type PlacedCall } from './responses';
import type { HttpAnswer, HttpRequest, Send } from './transport';

const credentialFields = z.object({ ...accountFields, apiSecret: secret, workspaceId: secret });

/**
 * The numbers that the workspace API can dial. It takes ten digits within India, so those of another
 * country's number would ring somebody in India.
 */
const indian = /^\+91(\d{10})$/;

const LOGS = '/api/call/logs';

/** Twenty2 documents no pages for its call logs, so one answer may hold thousands of calls. */
const MAX_LOGS_BYTES = 10_000_000;

const national = (number: string) => number.replace(indian, '$1');

/** The workspace generation: `/api/...` (Twenty2 documentation, Workspace). */
export const workspace: Generation = {
	credentialType: 'twenty2WorkspaceApi',

	account(credential) {
		const {
			apiKey,
			apiSecret,
			workspaceId,
			baseUrl: address,
			...limits
		} = readCredential(credentialFields, credential);
		const basic = Buffer.from(`${apiKey}:${apiSecret}`).toString('base64');
		return {
			apiKey,
			// Twenty2 documents this generation's base with its /api, so either may be entered.
			baseUrl: address.replace(/([^/:])\/+api$/, '$1'),
			limits,
			headers: { Authorization: `Basic ${basic}`, 'x-workspace-id': workspaceId },
		};
	},

	speak: (send) => ({
		async createCall(call, { idempotencyKey, timeoutMs }) {
			const answer = await send({
				safe: false,
				dials: true,
				method: 'POST',
				path: '/api/agent/trigger-outbound-call',
				headers: { 'Idempotency-Key': idempotencyKey },
				body: {
					agent_id: call.assistantId,
					callee_phone: national(call.toNumber),
					caller_phone: national(call.fromNumber),
					input_parameters: call.inputParameters,
					...call.additionalFields,
				},
				timeoutMs,
			});
			return createdIn(answer);
		},

		async getCall(callId, timing) {
			const query = { call_id: callId };
			return detailIn(await get(send, '/api/call/detail', { ...timing, query }));
		},

		async listCalls(query, timing) {
			return listedIn(await get(send, LOGS, { ...timing, query, maxBytes: MAX_LOGS_BYTES }));
		},

		async callsSince(call, since, timing) {
			const answer = await get(send, LOGS, { ...timing, maxBytes: MAX_LOGS_BYTES });
			const wanted = [call.assistantId, national(call.toNumber), national(call.fromNumber)];
			const alike = listedIn(answer).filter(({ agent_id, callee_phone, caller_phone }) =>
				[agent_id, callee_phone, caller_phone].every((value, i) => value === wanted[i]),
			);
			return startedSince(alike, since, answer.date);
		},

		unify: (body) =>
			unified(body, {
				assistant_id: 'agent_id',
				from_number: 'caller_phone',
				to_number: 'callee_phone',
			}),

		objectionTo: (number) =>
			indian.test(number)
				? undefined
				: 'is not an Indian number: the workspace API takes +91 and ten digits only',

		bodyFields: ['agent_id', 'callee_phone', 'caller_phone', 'input_parameters'],
	}),
};

async function get(
	send: Send,
	path: string,
	more: Pick<HttpRequest, 'timeoutMs' | 'query' | 'maxBytes'>,
): Promise<HttpAnswer> {
	return await send({ safe: true, dials: false, method: 'GET', path, ...more });
}

/**
 * The call in an answer to a look at one. This generation has no codes, and its 404 means that there is
 * no such call.
 * @throws Failure
 */
function detailIn(answer: HttpAnswer): JsonObject {
	try {
		return readIn(answer);
	} catch (error) {
		const failure = failureOnly(error);
		const isUnknownCall = failure.fields.code === 'NOT_FOUND' && refusalIn(answer);
		if (!isUnknownCall) throw failure;
		const code = 'CALL_NOT_FOUND';
		throw failure.with({ code, description: adviceFor(code) });
	}
}

/** With its time zone. Without one, a time may be hours off. */
const moment = z.iso.datetime({ offset: true });

const startedCall = z.looseObject({ call_id: z.string(), started_at: moment });

/** Twenty2's clock may have whole seconds only, in the header `Date` and in the calls. */
const CLOCK_PRECISION_MS = 1_000;

/**
 * The calls of a list that started since a create was sent. A call that has not started is not among
 * them, because Twenty2 may have queued it long before.
 * @param calls as Twenty2 lists them
 * @param sentAt in milliseconds since 1970, by the clock of this machine
 * @param date the header of the answer, which tells how far the two clocks are apart
 */
export function startedSince(calls: JsonObject[], sentAt: number, date = ''): PlacedCall[] {
	const theirNow = date.endsWith('GMT') ? Date.parse(date) : Number.NaN;
	const ahead = Number.isNaN(theirNow) ? 0 : theirNow - Date.now();
	return calls.flatMap((call) => {
		const { data } = startedCall.safeParse(call);
		const isSince = data && Date.parse(data.started_at) >= sentAt + ahead - CLOCK_PRECISION_MS;
		return isSince ? [{ call_id: data.call_id, status: call.status }] : [];
	});
}
