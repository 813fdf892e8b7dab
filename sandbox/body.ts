import * as z from 'zod/v4';
import type { Incoming } from './generation';
import { badRequest, invalidFields } from './refusal';

const jsonObject = z.record(z.string(), z.unknown());

/** The body of a create as a JSON object; what is not even that is a bad request. */
export async function readObject(incoming: Incoming): Promise<Record<string, unknown>> {
	const type = incoming.headers['content-type'] ?? '';
	const text = await incoming.text();
	if (!/^application\/json\s*(;|$)/i.test(type)) {
		throw badRequest('Content-Type must be application/json');
	}
	const body = jsonObject.safeParse(parse(text));
	if (!body.success) throw badRequest('The body must be a JSON object');
	return body.data;
}

/** Checks well-formed values; what is wrong with them is told field by field. */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
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
