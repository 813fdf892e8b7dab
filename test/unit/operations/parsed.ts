import type * as z from 'zod/v4/mini';

/** What a field makes of a value, or why it refuses it: the end of a sentence. */
export function parsed<T>(
	schema: z.ZodMiniType<T>,
	given: unknown,
): { value: T } | { why: string } {
	const result = schema.safeParse(given);
	if (result.success) return { value: result.data };
	return { why: result.error.issues[0]?.message ?? '' };
}
