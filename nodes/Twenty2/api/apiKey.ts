import * as z from 'zod/v4/mini';

import { accountFields, parseCredential } from './account';
import type { Generation } from './client';
import { parseCall, parseCreated, unified, whenNotFound } from './responses';

/** Twenty2's documentation shows both. */
const callsPaths = ['/v1/calls', '/api/calls'] as const;

const credentialFields = z.object({
	...accountFields,
	// Credentials of earlier versions have none.
	callsPath: z._default(z.enum(callsPaths, `must be ${callsPaths.join(' or ')}`), callsPaths[0]),
});

/** The API-key generation (Twenty2 documentation, Errors and limits). */
export const apiKey: Generation = {
	credentialType: 'twenty2Api',

	account(credential) {
		const fields = parseCredential(credentialFields, credential);
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
			return whenNotFound({ description: otherPath }, () => parseCreated(answer));
		},

		async getCall(callId, { timeoutMs }) {
			const path = `${callsPath}/${encodeURIComponent(callId)}`;
			const answer = await send({ dials: false, method: 'GET', path, timeoutMs });
			return whenNotFound({ description: otherPath }, () => parseCall(answer));
		},

		unify: (body) => unified(body),

		whyNotDialable: () => undefined,

		bodyFields: ['assistant_id', 'from_number', 'to_number', 'input_parameters'],
	}),
};

const otherPath =
	'Choose the other Calls Path in the Twenty2 credential. If that is not it, check its Base URL';
