import * as z from 'zod/v4';
import { invalidNumber, routeNotFound, unauthorized } from './apiError';
import { readObject, validate } from './body';
import type { CallRequest } from './calls';
import type { CallDetails } from './callService';
import { e164 } from './e164';
import type { Generation } from './generation';
import { ReplyOverride } from './reply';

const createBody = z.object({
	assistant_id: z.string(),
	from_number: z.string(),
	to_number: z.string(),
	input_parameters: z.record(z.string(), z.unknown()).optional(),
});

/** The documentation shows both, on different pages. */
export const callsPaths = ['/v1/calls', '/api/calls'] as const;

export type CallsPath = (typeof callsPaths)[number];

/** Whether a path is one of the API key generation, which also has one of those below `/api`. */
export const isCallsPath = (path: string): boolean =>
	callsPaths.some((calls) => path === calls || path.startsWith(`${calls}/`));

/** The API key generation: calls with a Bearer key, at one of the two paths only. */
export const apiKeyAt = (callsPath: CallsPath): Generation => ({
	name: 'apiKey',
	toField: 'to_number',

	authenticate({ authorization = '' }, { apiKeys }) {
		const [, presented] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
		const known = apiKeys.find(({ key }) => key === presented);
		if (known === undefined) throw unauthorized();
		const key = `apiKey:${known.key}`;
		return { key, owner: key, access: known.access };
	},

	async handle(request, service) {
		const { method, path } = request;
		if (isCallsPath(path) && !path.startsWith(callsPath)) {
			// As a web server answers that has no such page.
			throw new ReplyOverride({ status: 404, body: `Cannot ${method} ${path}` });
		}
		if (method === 'POST' && path === callsPath) {
			const { call_id } = await service.create(parseCreate(await readObject(request)));
			return { success: true, call_id, status: 'queued', message: 'Call queued' };
		}
		const [, callId] = new RegExp(`^${callsPath}/([^/]+)$`).exec(path) ?? [];
		if (method === 'GET' && callId !== undefined) return detail(await service.read(callId));
		throw routeNotFound(method, path);
	},

	envelope({ code, message, status, fields }) {
		// JSON omits undefined fields. Some errors have no code, and most have no field errors.
		return { success: false, error: { code, message, status }, validation_errors: fields };
	},
});

function parseCreate(body: Record<string, unknown>): CallRequest {
	const { assistant_id, from_number, to_number, input_parameters } = validate(createBody, body);
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

function detail({ call, state, links }: CallDetails) {
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
