import * as z from 'zod/v4/mini';

/**
 * An id as Twenty2 hands it out. It becomes part of an address, so nothing that would lead
 * elsewhere; a number is taken as its digits, as tables often hold ids.
 */
export const identifier = z.pipe(
	z.union([z.string(), z.number()], 'is empty'),
	z.pipe(
		z.transform(String),
		z
			.string()
			.check(
				z.trim(),
				z.minLength(1, 'is empty'),
				z.regex(/^[^\s/\\?#%]+$/, 'must not contain spaces or slashes'),
				z.regex(/[^.]/, 'must not consist of dots'),
			),
	),
);
