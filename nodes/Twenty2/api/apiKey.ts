import * as z from 'zod/v4/mini';

import { accountFields, readCredential } from './account';
import { failureOnly } from './failure';
import { parseCreated, parseCall, unified } from './responses';
import type { Generation } from './client';

/** Twenty2's documentation shows both. */
const callsPaths = ['/v1/calls', '/api/calls'] as const;

const credentialFields = z.object({
	...accountFields,
	// Credentials of before have none.
	callsPath: z._default(z.enum(callsPaths, `must be ${callsPaths.join(' or ')}`), callsPaths[0]),
});

/** The API-key generation (Twenty2 documentation, Errors and limits). */
export const apiKey: Generation = {
	credentialType: 'twenty2Api',

	account(credential) {
		const fields = readCredential(credentialFields, credential);
		const { apiKey: key, baseUrl, callsPath, ...limits } = fields;
		const headers = { Authorization: `Bearer ${key}` };
		return { apiKey: key, baseUrl, callsPath, limits, headers };
	},

	speak: (send, { callsPath = callsPaths[0] } = {}) => ({
		async createCall(call, { idempotencyKey, timeoutMs }) {
			const hasParameters = Object.keys(call.inputParameters).length > 0;
			const answer = await send({
				dials: true,
				method: 'POST',
				path: callsPath,
				headers: { 'Idempotency-Key': idempotencyKey },
				body: {
					assistant_id: call.assistantId,
					from_number: call.fromNumber,
					to_number: call.toNumber,
					...(hasParameters && { input_parameters: call.inputParameters }),
					...call.additionalFields,
				},
				timeoutMs,
			});
			return advised(() => parseCreated(answer));
		},

		async getCall(callId, { timeoutMs }) {
			const path = `${callsPath}/${encodeURIComponent(callId)}`;
			const answer = await send({ dials: false, method: 'GET', path, timeoutMs });
			return advised(() => parseCall(answer));
		},

		unify: (body) => unified(body),

		whyNotDialable: () => undefined,

		bodyFields: ['assistant_id', 'from_number', 'to_number', 'input_parameters'],
	}),
};

/** Reads an answer. Where there is no such page, the failure advises to look at the path. */
function advised<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		const failure = failureOnly(error);
		const { code } = failure.fields;
		throw code === 'NOT_FOUND' ? failure.with({ description: otherPath }) : failure;
	}
}

const otherPath =
	'Choose the other Calls Path in the Twenty2 credential. If that is not it, check its Base URL';
