import * as z from 'zod/v4/mini';

import { text } from './text';

/** An id as Twenty2 hands it out. It becomes part of an address, so nothing that leads elsewhere. */
export const identifier = z.pipe(
	text,
	z
		.string()
		.check(
			z.regex(/^(?:(?![/\\?#%])[!-~])+$/, 'must not contain spaces or slashes'),
			z.regex(/[^.]/, 'must not consist of dots'),
		),
);
