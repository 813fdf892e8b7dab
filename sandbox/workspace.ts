import * as z from 'zod/v4';
import { routeNotFound, unauthorized } from './apiError';
import { readObject, validate } from './body';
import type { CallRequest } from './calls';
import type { CallDetails } from './callService';
import type { Generation } from './generation';

/** Prefix of every number: this generation sends ten digits without a country code. */
const COUNTRY_CODE = '+91';

const phone = z.string().regex(/^\d{10}$/, 'must be exactly ten digits, without country code');

const createBody = z.object({
	agent_id: z.string(),
	callee_phone: phone,
	caller_phone: phone,
	input_parameters: z.record(z.string(), z.unknown()),
});

const detailQuery = z.object({ call_id: z.string().min(1) });

/** The workspace generation: `/api` with key, secret and workspace id. */
export const workspace: Generation = {
	name: 'workspace',
	toField: 'callee_phone',

	authenticate({ authorization = '', 'x-workspace-id': workspaceId }, { workspaceKeys }) {
		const [, encoded = ''] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
		const presented = Buffer.from(encoded, 'base64').toString('utf8');
		const known = workspaceKeys.find(({ key, secret }) => `${key}:${secret}` === presented);
		if (known === undefined || workspaceId === undefined) throw unauthorized();
		const access = known.access && known.workspaceId === workspaceId;
		return { key: `workspace:${known.key}`, owner: `workspace:${workspaceId}`, access };
	},

	async handle(request, service) {
		const { method, path, query } = request;
		switch (`${method} ${path}`) {
			case 'POST /api/agent/trigger-outbound-call': {
				const { call_id } = await service.create(parseCreate(await readObject(request)));
				return { success: true, call_id, status: 'initiated', message: 'Call initiated' };
			}
			case 'GET /api/call/detail':
				return detail(await service.read(validate(detailQuery, Object.fromEntries(query)).call_id));
			case 'GET /api/call/logs':
				// Pages and filters exist but are not documented. The query is ignored.
				return { success: true, calls: (await service.list()).map(summary) };
			default:
				throw routeNotFound(method, path);
		}
	},

	envelope({ status, message, fields }) {
		return { success: false, statusCode: status, message, validationErrors: fields };
	},
};

function parseCreate(body: Record<string, unknown>): CallRequest {
	const { agent_id, callee_phone, caller_phone, input_parameters } = validate(createBody, body);
	return {
		number: COUNTRY_CODE + callee_phone,
		from_number: COUNTRY_CODE + caller_phone,
		assistant: agent_id,
		input_parameters,
		body,
	};
}

function summary({ call, state }: CallDetails) {
	return {
		call_id: call.call_id,
		agent_id: call.assistant,
		// This generation's name for "queued".
		status: state.status === 'queued' ? 'initiated' : state.status,
		direction: 'outbound',
		callee_phone: call.number.slice(COUNTRY_CODE.length),
		caller_phone: call.from_number.slice(COUNTRY_CODE.length),
		duration_seconds: state.durationSeconds,
		cost: state.cost,
		started_at: state.startedAt,
		ended_at: state.endedAt,
	};
}

function detail(details: CallDetails) {
	const { call, state, links } = details;
	return {
		success: true,
		call: { ...summary(details), billed_duration_seconds: state.durationSeconds },
		input_parameters: call.input_parameters,
		output_parameters: state.outputParameters,
		...links,
	};
}
