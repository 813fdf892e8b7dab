import * as z from 'zod/v4/mini';

import { jsonObject, type JsonObject } from '../json';

/** What Twenty2 says of the fields of a request (422). It documents an object by field. */
export type FieldErrors = JsonObject | unknown[];

/** The names of the fields in the editor, by those of both generations. */
const labels: Partial<Record<string, string>> = {
	assistant_id: 'Assistant ID',
	agent_id: 'Assistant ID',
	from_number: 'From Number',
	caller_phone: 'From Number',
	to_number: 'To Number',
	callee_phone: 'To Number',
	input_parameters: 'Input Parameters',
};

const codes: Array<[label: string, code: string]> = [
	['To Number', 'INVALID_NUMBER'],
	['From Number', 'INVALID_NUMBER'],
	['Assistant ID', 'INVALID_ASSISTANT'],
];

/** @returns undefined where another field is wrong */
export function codeByField(errors: FieldErrors): string | undefined {
	const wrong = Object.keys(errors).map(labelOf);
	return codes.find(([label]) => wrong.includes(label))?.[1];
}

/** A reason is a few words. Longer text would hide the advice after it. */
const MAX_LENGTH = 500;

/**
 * The fields and the reasons in one line, e.g. "To Number: must be ten digits; Input Parameters: too long".
 * @returns undefined when there are none
 */
export function reasonsIn(errors: FieldErrors): string | undefined {
	const reasons = Array.isArray(errors)
		? errors.map(reasonOf)
		: Object.entries(errors).map(([field, reason]) => `${labelOf(field)}: ${reasonOf(reason)}`);
	const line = reasons.join('; ').replace(/\s+/g, ' ');
	if (line === '') return undefined;
	return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}

const labelOf = (field: string) =>
	(Object.hasOwn(labels, field) ? labels[field] : undefined) ?? field;

const text = z.optional(z.string());

const entry = z.object({ field: text, path: text, message: text, reason: text, error: text });

function reasonOf(given: unknown): string {
	if (typeof given === 'string') return given;
	if (Array.isArray(given)) return given.map(reasonOf).join(', ');
	const { field, path, message, reason, error } = entry.safeParse(given).data ?? {};
	const where = field ?? path;
	const why = message ?? reason ?? error;
	if (why === undefined) return JSON.stringify(jsonObject.safeParse(given).data ?? given) ?? '';
	return where === undefined ? why : `${labelOf(where)}: ${why}`;
}
