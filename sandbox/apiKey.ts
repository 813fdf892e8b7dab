import * as z from 'zod/v4';
import { check, readObject } from './body';
import type { Found } from './desk';
import { e164 } from './e164';
import type { Generation } from './generation';
import { invalidNumber, routeNotFound, unauthorized } from './refusal';

const createBody = z.object({
	assistant_id: z.string(),
	from_number: z.string(),
	to_number: z.string(),
	input_parameters: z.record(z.string(), z.unknown()).optional(),
});

/** `/v1/calls` with a Bearer key. */
export const apiKey: Generation = {
	name: 'apiKey',
	toField: 'to_number',

	caller({ authorization = '' }, { apiKeys }) {
		const [, presented] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
		const known = apiKeys.find(({ key }) => key === presented);
		if (known === undefined) throw unauthorized();
		const key = `apiKey:${known.key}`;
		return { key, owner: key, access: known.access };
	},

	async handle(incoming, desk) {
		const { method, path } = incoming;
		if (method === 'POST' && path === '/v1/calls') {
			const call = await desk.create(order(await readObject(incoming)));
			const { call_id } = call;
			return { success: true, call_id, status: 'queued', message: 'Call queued' };
		}
		const [, callId] = /^\/v1\/calls\/([^/]+)$/.exec(path) ?? [];
		if (method === 'GET' && callId !== undefined) return detail(await desk.read(callId));
		throw routeNotFound(method, path);
	},

	envelope({ code, message, status, fields }) {
		// JSON leaves out what is undefined: some errors have no code, most no field errors.
		return { success: false, error: { code, message, status }, validation_errors: fields };
	},
};

function order(body: Record<string, unknown>) {
	const { assistant_id, from_number, to_number, input_parameters } = check(createBody, body);
	if (!e164.test(from_number)) throw invalidNumber('from_number');
	if (!e164.test(to_number)) throw invalidNumber('to_number');
	return {
		number: to_number,
		from_number,
		assistant: assistant_id,
		input_parameters: input_parameters ?? {},
		body,
	};
}

function detail({ call, state, links }: Found) {
	return {
		success: true,
		call_id: call.call_id,
		status: state.status,
		direction: 'outbound',
		assistant_id: call.assistant,
		from_number: call.from_number,
		to_number: call.number,
		duration_seconds: state.durationSeconds,
		cost: state.cost,
		started_at: state.startedAt,
		ended_at: state.endedAt,
		input_parameters: call.input_parameters,
		output_parameters: state.outputParameters,
		...links,
	};
}
