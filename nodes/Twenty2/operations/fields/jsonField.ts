import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { isJsonObject, type JsonObject } from '../../json';
import { checked } from './parameters';

/** This name would change the prototype of an object instead of its content. */
const reserved = '__proto__';

/** Deeper objects could exceed the stack of what reads and sends them. */
const MAX_DEPTH = 100;

const notObject = 'must be a JSON object, e.g. {"customerName": "Asha"}';
const object = z.custom<JsonObject>(isJsonObject, notObject);

const safeObject = object.check(
	z.refine((value) => isShallow(value), {
		error: `must not be nested more than ${MAX_DEPTH} levels deep`,
		abort: true,
	}),
	z.refine((value) => !holdsReserved(value), `must not contain the name ${reserved}`),
);

/** The value of a JSON field: text that was typed, or the object that an expression made. */
export const jsonOrText = z.union([z.string(), object], notObject);

/** The object in a JSON field. An empty field gives an empty object. @throws Failure `INVALID_INPUT` */
export function objectIn(field: INodeProperties, given: string | JsonObject): JsonObject {
	if (typeof given !== 'string') return checked(field, given, safeObject);
	if (given.trim() === '') return {};
	return checked(field, checked(field, given, parsedJson), safeObject);
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

function isShallow(value: unknown, depth = 0): boolean {
	if (typeof value !== 'object' || value === null) return true;
	return depth < MAX_DEPTH && Object.values(value).every((held) => isShallow(held, depth + 1));
}

function holdsReserved(value: unknown): boolean {
	if (typeof value !== 'object' || value === null) return false;
	return Object.entries(value).some(([name, held]) => name === reserved || holdsReserved(held));
}
