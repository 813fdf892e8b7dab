import * as z from 'zod/v4/mini';

import { text } from '../fields/schemas';

/** Far longer than what people write for a number. The patterns below never meet longer text. */
const MAX_LENGTH = 100;

export const tooLong = 'is too long to be a phone number';

export const notNumber =
	'is not a phone number: it may have digits, spaces, dashes and brackets, and a + in front';

const lostDigits =
	'has lost digits in a spreadsheet, which shortens long numbers: format the column as text there, and enter the number again';

const noValue =
	'is what a spreadsheet shows in place of a value: look at the formula and the width of the column there';

/** Tables that are linked give a list, which is most often of one. */
const one = z.pipe(
	z.transform((given: unknown) => {
		const all = Array.isArray(given)
			? given.filter((each) => each !== null && each !== '')
			: [given];
		return all.length > 1 ? all : all[0];
	}),
	z.unknown().check(
		z.refine((given) => !Array.isArray(given), {
			error: ({ input }) =>
				`is a list of ${Array.isArray(input) ? input.length : 0}, and takes one number: make an item of each ${given(String(input))}`,
			abort: true,
		}),
	),
);

// The calculations of a table can yield fractions, whose digits are no phone number.
const notDecimal = z.custom<string | number>(
	(value) => typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0),
	{ error: ({ input }) => `${notNumber} ${given(String(input))}`, abort: true },
);

/** The number in a field, as text without what tables, lead forms and contact cards put around it. */
export const writtenNumber = z.pipe(
	one,
	z.pipe(
		notDecimal,
		z.pipe(
			text,
			z.pipe(
				z.string().check(z.maxLength(MAX_LENGTH, { error: tooLong, abort: true })),
				z.transform(unwrapped),
			),
		),
	),
);

/** The longest text that a message repeats. */
const MAX_SHOWN = 20;

/** What was given, for a message: the end of it, with at most four digits, because numbers are personal data. */
export function given(value: string): string {
	const [end = ''] = /(?:\P{Nd}*\p{Nd}){0,4}\P{Nd}*$/u.exec(value.slice(-MAX_SHOWN)) ?? [];
	const cut = end.length < value.length ? '…' : '';
	return `(given: “${cut}${end.replace(/\s+/g, ' ')}”)`;
}

/** Why text is no number but what a spreadsheet has made of one, undefined where it is not that. */
export function spreadsheetCause(written: string): string | undefined {
	if (/^\+?\d(?:[.,]\d*)?E\+?\d+$/i.test(written)) return lostDigits;
	return /^#(?:[A-Z/0_]+[!?]?|#*)$/i.test(written) ? noValue : undefined;
}

/** The text in quotes or as a spreadsheet's ="…", and after words such as "p:" in lead forms. */
export function unwrapped(written: string): string {
	return written.replace(before, '').replace(/[\s\p{Cf}"'`´‘’“”„«»]+$/u, '');
}

const before =
	/^(?:[\s\p{Cf}="'`´‘’‚“”„«»]|(?:callto|cell|handy|mob|mobile?|number|ph|phone|sms|tel|telefon|telephone|wa|whatsapp|[pmt])(?: ?no| ?number)?\.? *:(?:\/\/)?)+/iu;

/** A number without what people add to one, in ASCII. */
export function tidied(written: string): string {
	return written
		.replace(/\p{Cf}/gu, '')
		.replace(/\p{Zs}/gu, ' ')
		.replace(/^＋/, '+')
		.replace(indianDigit, inAscii)
		.trim()
		.replace(/[ ,;]+$/, '')
		.replace(/ *\((?:m|mob|mobile)\.?\)$/i, '')
		.replace(/^(\+?\d+)\.0+$/, '$1')
		.replace(/^[([] *\+ *(\d{1,3}) *[)\]]/, '+$1');
}

/** Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada and Malayalam. */
const indianDigit = /[०-९০-৯੦-੯૦-૯୦-୯௦-௯౦-౯೦-೯൦-൯]/g;

/** Each of these scripts has a block of 128 characters in Unicode, with its zero at the same offset. */
const inAscii = (digit: string) => String((digit.charCodeAt(0) - '०'.charCodeAt(0)) % 128);
