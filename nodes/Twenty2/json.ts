import * as z from 'zod/v4/mini';

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Takes any JSON object as it is. zod's `record` would refuse one with a key named `constructor`. */
export const jsonObject = z.custom<JsonObject>(isJsonObject);
