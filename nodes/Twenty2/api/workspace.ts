import * as z from 'zod/v4/mini';

import { accountFields, readCredential, secret } from './account';
import { begunSince } from './begun';
import { createdIn, listedIn, readIn, simplified } from './responses';
import type { Generation } from './client';

const credentialFields = z.object({ ...accountFields, apiSecret: secret, workspaceId: secret });

/** The workspace API dials ten digits within India; another country's number would ring there. */
const indian = /^\+91(\d{10})$/;

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
				kind: 'create',
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

		async getCall(callId, { timeoutMs }) {
			const query = { call_id: callId };
			const path = '/api/call/detail';
			return readIn(await send({ kind: 'read', method: 'GET', path, query, timeoutMs }));
		},

		async listCalls(query, { timeoutMs }) {
			const path = '/api/call/logs';
			return listedIn(await send({ kind: 'read', method: 'GET', path, query, timeoutMs }));
		},

		async callsBegun(call, since, { timeoutMs }) {
			const answer = await send({ kind: 'read', method: 'GET', path: '/api/call/logs', timeoutMs });
			const wanted = [call.assistantId, national(call.toNumber), national(call.fromNumber)];
			const alike = listedIn(answer).filter(({ agent_id, callee_phone, caller_phone }) =>
				[agent_id, callee_phone, caller_phone].every((value, i) => value === wanted[i]),
			);
			return begunSince(alike, since, answer.date);
		},

		simplify: (body) =>
			simplified(body, {
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
