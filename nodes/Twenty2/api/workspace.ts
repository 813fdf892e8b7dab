import * as z from 'zod/v4/mini';

import type { JsonObject } from '../json';
import { accountFields, parseCredential, secret } from './account';
import type { Generation, ListedCalls, NewCall } from './client';
import { adviceFor } from './failure';
import { refusalIn } from './refusal';
import { parseCall, parseCalls, parseCreated, unified, whenNotFound } from './responses';

const credentialFields = z.object({ ...accountFields, apiSecret: secret, workspaceId: secret });

/** The workspace API takes ten digits within India: those of a foreign number would ring somebody in India. */
const indian = /^\+91(\d{10})$/;

const reading = { dials: false, method: 'GET' } as const;
const detail = { ...reading, path: '/api/call/detail' };
/** Twenty2 documents no pages for its call logs, so one answer may hold thousands of calls. */
const logs = { ...reading, path: '/api/call/logs', maxBytes: 10_000_000 };

const unknownCall = { code: 'CALL_NOT_FOUND', description: adviceFor('CALL_NOT_FOUND') };

const national = (number: string) => number.replace(indian, '$1');

/** The workspace generation: `/api/...` (Twenty2 documentation, Workspace). */
export const workspace: Generation = {
	credentialType: 'twenty2WorkspaceApi',

	account(credential) {
		const fields = parseCredential(credentialFields, credential);
		const { apiKey, apiSecret, workspaceId, baseUrl, ...limits } = fields;
		const basic = Buffer.from(`${apiKey}:${apiSecret}`).toString('base64');
		return {
			apiKey,
			// Twenty2 documents this generation's base with its /api, so either may be entered.
			baseUrl: baseUrl.replace(/([^/:])\/+api$/, '$1'),
			limits,
			headers: { Authorization: `Basic ${basic}`, 'x-workspace-id': workspaceId },
		};
	},

	speak: (send) => ({
		async createCall(call, { idempotencyKey, timeoutMs }) {
			const answer = await send({
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
			return parseCreated(answer);
		},

		async getCall(callId, timing) {
			const answer = await send({ ...detail, query: { call_id: callId }, ...timing });
			// This generation has no codes, and its 404 means that there is no such call.
			const fields = refusalIn(answer) ? unknownCall : {};
			return whenNotFound(fields, () => parseCall(answer));
		},

		async listCalls(query, timing) {
			return parseCalls(await send({ ...logs, query, ...timing }));
		},

		async callsSince(call, since, timing) {
			const answer = await send({ ...logs, ...timing });
			return callsLike(call, parseCalls(answer), since, answer.date);
		},

		unify: (body) =>
			unified(body, {
				assistant_id: 'agent_id',
				from_number: 'caller_phone',
				to_number: 'callee_phone',
			}),

		onlyCountry: 'IN',
		whyNotDialable: (number) =>
			indian.test(number)
				? undefined
				: 'is not an Indian number: the workspace API takes +91 and ten digits only',

		bodyFields: ['agent_id', 'callee_phone', 'caller_phone', 'input_parameters'],
	}),
};

/** Milliseconds since 1970, or NaN. Without its time zone, a time may be hours off. */
const moment = z.catch(
	z.pipe(z.iso.datetime({ offset: true }), z.transform(Date.parse)),
	Number.NaN,
);

const listedCall = z.looseObject({
	call_id: z.string(),
	status: z.string(),
	started_at: moment,
	ended_at: moment,
});

/** The statuses of a call that has not begun, whatever its `started_at` is. */
const unbegun = /^(queued|initiated|scheduled|pending)$/i;

/** Twenty2's clock may have whole seconds only, in the header `Date` and in the calls. */
const CLOCK_PRECISION_MS = 1_000;

/** How far Twenty2's clock may be from this machine's where the header `Date` does not tell. */
const UNKNOWN_SKEW_MS = 3_600_000;

const lastDigits = (number: unknown) => String(number).replace(/\D/g, '').slice(-10);

/**
 * Which of the listed calls may be the call that was asked for since a time of this machine.
 * @param date the header of the answer, which tells how far the two clocks are apart
 */
export function callsLike(
	call: NewCall,
	listed: JsonObject[],
	since: number,
	date = '',
): ListedCalls {
	const theirNow = date.endsWith('GMT') ? Date.parse(date) : Number.NaN;
	const isSkewKnown = !Number.isNaN(theirNow);
	const from = since + (isSkewKnown ? theirNow - Date.now() : 0) - CLOCK_PRECISION_MS;
	const surelyBefore = isSkewKnown ? from : from - UNKNOWN_SKEW_MS;
	const beganOf = ({ status, started_at, ended_at }: z.infer<typeof listedCall>) => {
		if (started_at >= from) return 'since';
		if (unbegun.test(status)) return 'unknown';
		return started_at < surelyBefore || ended_at < surelyBefore ? 'before' : 'unknown';
	};

	const alike = listed
		.filter(
			({ agent_id, callee_phone, caller_phone }) =>
				agent_id === call.assistantId &&
				lastDigits(callee_phone) === lastDigits(call.toNumber) &&
				lastDigits(caller_phone) === lastDigits(call.fromNumber),
		)
		.map((one) => listedCall.parse(one));
	return {
		begun: alike
			.filter((one) => beganOf(one) === 'since')
			.map(({ call_id, status }) => ({ call_id, status })),
		perhaps: alike.filter((one) => beganOf(one) === 'unknown').map(({ call_id }) => call_id),
	};
}
