import * as z from 'zod/v4';
import { badRequest, invalidFields } from './apiError';
import type { IncomingRequest } from './request';

const jsonObject = z.record(z.string(), z.unknown());

/**
 * Reads the body as a JSON object.
 * @throws ApiError with status 400 when it is not JSON, not an object, or has another content type
 */
export async function readObject(request: IncomingRequest): Promise<Record<string, unknown>> {
	const type = request.headers['content-type'] ?? '';
	const text = await request.text();
	if (!/^application\/json\s*(;|$)/i.test(type)) {
		throw badRequest('Content-Type must be application/json');
	}
	const body = jsonObject.safeParse(parse(text));
	if (!body.success) throw badRequest('The body must be a JSON object');
	return body.data;
}

/**
 * Validates a value.
 * @throws ApiError with status 422 that lists the messages by field
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown): T {
	const result = schema.safeParse(value);
	if (result.success) return result.data;
	const fields: Record<string, string[]> = {};
	for (const { path, message } of result.error.issues) {
		const field = String(path[0] ?? 'body');
		fields[field] = [...(fields[field] ?? []), message];
	}
	throw invalidFields(fields);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw badRequest('The body is not valid JSON');
	}
}
