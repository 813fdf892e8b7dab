import {
	parsePhoneNumberFromString,
	validatePhoneNumberLength,
	type CountryCode,
} from 'libphonenumber-js/core/es6';
import numberingPlans from 'libphonenumber-js/metadata.min.json';
import * as z from 'zod/v4/mini';

import { text } from '../fields/schemas';

/** Far longer than what people write for a number. The patterns below never meet longer text. */
const MAX_LENGTH = 100;

const tooLong = 'is too long to be a phone number';

/** What a field holds, as text that the patterns can take. */
const written = z.pipe(
	text,
	z.string().check(z.maxLength(MAX_LENGTH, { error: tooLong, abort: true })),
);

const e164 = /^\+[1-9]\d{6,14}$/;

const notE164 =
	'is not an international phone number: it needs a + and the country code, and no spaces, e.g. +919876543210, unless Default Country is set';

/** A number in E.164, as both generations of the client take it. */
const phoneNumber = z.pipe(written, z.string().check(z.regex(e164, notE164)));

/**
 * A number that can be dialled, in E.164.
 * @param country its numbers need no country code; without one, only E.164 is taken
 */
export function dialable(country: CountryCode | undefined): z.ZodMiniType<string> {
	return country === undefined ? phoneNumber : numberFrom(country);
}

const reasons = {
	NOT_A_NUMBER:
		'is not a phone number: it may have digits, spaces, dashes and brackets, and a + in front',
	INVALID_COUNTRY: 'begins with a country code that no country has',
	TOO_SHORT: 'is too short to be a phone number',
	TOO_LONG: tooLong,
	INVALID_LENGTH: 'has more or fewer digits than phone numbers of its country',
	UNLIKE_ITS_COUNTRY:
		'is not made up as phone numbers of its country are: a digit may be missing or one too many',
};

// The calculations of a table can yield fractions, whose digits are no phone number.
const notDecimal = z.custom<string | number>(
	(given) => typeof given !== 'number' || (Number.isSafeInteger(given) && given >= 0),
	reasons.NOT_A_NUMBER,
);

function numberFrom(country: CountryCode): z.ZodMiniType<string> {
	return z.pipe(
		z.pipe(notDecimal, written),
		z.transform((given, { issues }) => {
			const read = readNumber(tidied(given, country), country);
			if ('number' in read) return read.number;
			issues.push({ code: 'custom', message: read.why, input: given });
			return z.NEVER;
		}),
	);
}

/**
 * The number in E.164, or why it cannot be dialled. New ranges of numbers come every month, so a number
 * need only be possible. Only for the given country does its pattern have to be valid as well.
 */
function readNumber(written: string, country: CountryCode): { number: string } | { why: string } {
	const options = { defaultCountry: country, extract: false };
	const phone = parsePhoneNumberFromString(written, options, numberingPlans);
	if (phone?.ext) {
		return { why: `has the extension ${phone.ext}, which cannot be dialled: leave it out` };
	}
	const objection = validatePhoneNumberLength(written, country, numberingPlans);
	if (objection || !phone) return { why: reasons[objection ?? 'NOT_A_NUMBER'] };
	if (phone.country === country && !phone.isValid()) return { why: reasons.UNLIKE_ITS_COUNTRY };
	// Some countries have numbers that are dialled only inside them, too short or too long for E.164.
	if (e164.test(phone.number)) return { number: phone.number };
	return { why: phone.number.length < 8 ? reasons.TOO_SHORT : reasons.TOO_LONG };
}

/** The countries that a number in E.164 may belong to: most often one, and none for a satellite phone. */
export function countriesOf(number: string): CountryCode[] {
	const phone = parsePhoneNumberFromString(number, numberingPlans);
	return phone?.country ? [phone.country] : (phone?.getPossibleCountries() ?? []);
}

/** The number as it was typed, without what spreadsheets, web pages and contact cards add to it. */
function tidied(given: string, country: CountryCode): string {
	const number = given
		.replace(/\p{Cf}/gu, '')
		.replace(/\p{Zs}/gu, ' ')
		.replace(indianDigit, inAscii)
		.trim()
		.replace(/[ ,;]+$/, '')
		.replace(/ *\((?:m|mob|mobile)\.?\)$/i, '')
		.replace(/^(?:tel:|') */i, '')
		.replace(/^(\+?\d+)\.0$/, '$1')
		.replace(/^[([] *\+ *(\d{1,3}) *[)\]]/, '+$1');
	return country === 'IN' ? number.replace(trunkBeforeCode, '+91') : number;
}

/** Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada and Malayalam. */
const indianDigit = /[०-९০-৯੦-੯૦-૯୦-୯௦-௯౦-౯೦-೯൦-൯]/g;

/** Each of these scripts has a block of 128 characters in Unicode, with its zero at the same offset. */
const inAscii = (digit: string) => String((digit.charCodeAt(0) - '०'.charCodeAt(0)) % 128);

/** 091 before ten digits. No number within India that begins so is as long, so 91 is the country code. */
const trunkBeforeCode = /^\(?0[ .-]?91\)?(?=(?:[ .-]?\d){10}$)/;
