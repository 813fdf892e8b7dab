import * as z from 'zod/v4/mini';

import { text } from './text';

const notE164 =
	'is not an international phone number: it needs a + and the country code, and no spaces, e.g. +919876543210';

/** E.164, which both generations of the API are given. */
export const phoneNumber = z.pipe(text, z.string().check(z.regex(/^\+[1-9]\d{6,14}$/, notE164)));
