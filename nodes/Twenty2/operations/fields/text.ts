import * as z from 'zod/v4/mini';

const none: unknown[] = [undefined, null, ''];

/** What a text field holds, without the space around it; tables often hold numbers instead. */
export const text = z.pipe(
	z.union([z.string(), z.number()], {
		error: ({ input }) => (none.includes(input) ? 'is empty' : 'must be text'),
	}),
	z.pipe(z.transform(String), z.string().check(z.trim(), z.minLength(1, 'is empty'))),
);
