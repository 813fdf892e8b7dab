import * as z from 'zod/v4/mini';

import { accountFields, readCredential } from './account';
import { createdIn, readIn, simplified } from './responses';
import type { Generation } from './client';

const credentialFields = z.object(accountFields);

/** The API-key generation: `/v1/calls` (Twenty2 documentation, Errors and limits). */
export const apiKey: Generation = {
	credentialType: 'twenty2Api',

	account(credential) {
		const { apiKey: key, baseUrl, ...limits } = readCredential(credentialFields, credential);
		return { apiKey: key, baseUrl, limits, headers: { Authorization: `Bearer ${key}` } };
	},

	speak: (send) => ({
		async createCall(call, { idempotencyKey, timeoutMs }) {
			const hasParameters = Object.keys(call.inputParameters).length > 0;
			const answer = await send({
				safe: false,
				dials: true,
				method: 'POST',
				path: '/v1/calls',
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
			return createdIn(answer);
		},

		async getCall(callId, { timeoutMs }) {
			const path = `/v1/calls/${encodeURIComponent(callId)}`;
			return readIn(await send({ safe: true, dials: false, method: 'GET', path, timeoutMs }));
		},

		simplify: (body) => simplified(body),

		objectionTo: () => undefined,

		bodyFields: ['assistant_id', 'from_number', 'to_number', 'input_parameters'],
	}),
};
