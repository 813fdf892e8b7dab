import * as z from 'zod/v4/mini';

const notE164 =
	'is not an international phone number: it needs a + and the country code, and no spaces, e.g. +919876543210';

/** E.164, which both generations of the API are given. Tables often hold numbers as numbers. */
export const phoneNumber = z.pipe(
	z.union([z.string(), z.number()], 'is empty'),
	z.pipe(
		z.transform(String),
		z.string().check(z.trim(), z.minLength(1, 'is empty'), z.regex(/^\+[1-9]\d{6,14}$/, notE164)),
	),
);
