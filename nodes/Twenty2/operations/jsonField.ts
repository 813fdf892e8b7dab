import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { checked } from './parameters';

/** Would change what an object is instead of what it holds. */
const reserved = '__proto__';

const notObject = 'must be a JSON object, e.g. {"customerName": "Asha"}';

const jsonObject = z.pipe(
	z
		.unknown()
		.check(z.refine((value) => !holdsReserved(value), `must not contain the name ${reserved}`)),
	z.record(z.string(), z.unknown(), notObject),
);

/** Text typed into a JSON field, or the object that an expression made. */
export const jsonOrText = z.union([z.string(), z.record(z.string(), z.unknown())], notObject);

/**
 * The object that a JSON field holds; an emptied field holds none.
 * @throws Failure `INVALID_INPUT` naming the field
 */
export function objectIn(
	field: INodeProperties,
	given: z.infer<typeof jsonOrText>,
): Record<string, unknown> {
	if (typeof given !== 'string') return checked(field, given, jsonObject);
	if (given.trim() === '') return {};
	return checked(field, checked(field, given, parsedJson), jsonObject);
}

const parsedJson = z.pipe(
	z.string().check(z.refine(isJson, { error: 'is not valid JSON', abort: true })),
	z.transform((text): unknown => JSON.parse(text)),
);

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

function holdsReserved(value: unknown): boolean {
	if (typeof value !== 'object' || value === null) return false;
	return Object.entries(value).some(([name, held]) => name === reserved || holdsReserved(held));
}
