import {
	getCountryCallingCode,
	parseIncompletePhoneNumber,
	validatePhoneNumberLength,
	type CountryCode,
	type PhoneNumber,
} from 'libphonenumber-js/core/es6';
import metadata from 'libphonenumber-js/metadata.max.json';
import * as z from 'zod/v4/mini';

import { Failure } from '../../api/failure';
import type { DefaultCountry } from './countries';
import { nameOf } from './countryNames';
import { fitsPlan, isAssigned, isMobile, onlyLengthIn, parseNumber } from './numberingPlans';
import {
	given,
	notNumber,
	spreadsheetCause,
	tidied,
	tooLong,
	unwrapped,
	writtenNumber,
} from './writtenNumber';

const e164 = /^\+[1-9]\d{6,14}$/;

const notE164 =
	'is not an international phone number: it needs a + and the country code, and no spaces, e.g. +919876543210, unless Default Country is set';

const reasons = {
	NOT_A_NUMBER: notNumber,
	INVALID_COUNTRY: 'begins with a country code that no country has',
	TOO_SHORT: 'is too short to be a phone number',
	TOO_LONG: tooLong,
	INVALID_LENGTH: 'has more or fewer digits than phone numbers of its country',
	UNLIKE_ITS_COUNTRY:
		'is not made up as phone numbers of its country are: a digit may be missing or one too many',
	TWO_NUMBERS: 'may hold two numbers: enter one, or make an item of each',
};

/**
 * A number that can be dialled, in E.164.
 * @throws Failure of the country, for a number that needs it
 */
export function dialable(country: DefaultCountry): z.ZodMiniType<string> {
	return z.pipe(
		writtenNumber,
		z.transform((written: string, { issues }) => {
			const reading = readNumber(written, country);
			if ('number' in reading) return reading.number;
			const message = `${reading.why} ${given(written)}`;
			issues.push({ code: 'custom', message, input: written });
			return z.NEVER;
		}),
	);
}

/** The number in E.164, or why it cannot be dialled. */
type Reading = { number: string } | { why: string };

function readNumber(written: string, country: DefaultCountry): Reading {
	const cause = spreadsheetCause(written);
	if (cause) return { why: cause };
	if (country === undefined) {
		if (e164.test(written)) return { number: written };
		return { why: holdsTwo(written) ? reasons.TWO_NUMBERS : notE164 };
	}
	const number = tidied(written);
	if (!(country instanceof Failure)) return readIn(country, withCode(number, country));
	if (number.startsWith('+')) return readIn(undefined, number);
	throw country;
}

/** @param country of a number without a + */
function readIn(country: CountryCode | undefined, number: string): Reading {
	if (holdsTwo(number, country)) return { why: reasons.TWO_NUMBERS };
	const [phone, other] = readingsOf(number, country);
	if (phone?.ext) {
		return { why: `has the extension ${phone.ext}, which cannot be dialled: leave it out` };
	}
	if (phone && other) {
		const readings = [phone, other].filter((each) => e164.test(each.number)).map(described);
		return { why: `may be ${readings.join(' or ')}: enter the one that is meant, with its +` };
	}
	const objection = validatePhoneNumberLength(
		number,
		{ ...(country && { defaultCountry: country }) },
		metadata,
	);
	if (objection || !phone) {
		if (isPair(number, country)) return { why: reasons.TWO_NUMBERS };
		return { why: reasons[objection ?? 'NOT_A_NUMBER'] };
	}
	if (country && phone.country === country && !fitsPlan(phone, country)) {
		return { why: reasons.UNLIKE_ITS_COUNTRY };
	}
	// Some countries have numbers that are dialled only inside them, too short or too long for E.164.
	if (e164.test(phone.number)) return { number: phone.number };
	return { why: phone.number.length < 8 ? reasons.TOO_SHORT : reasons.TOO_LONG };
}

/**
 * What the digits may stand for: nothing, one number, or two that are both somebody's. Where one of two is far
 * the likelier, it is the only one.
 */
function readingsOf(number: string, country: CountryCode | undefined): PhoneNumber[] {
	const phone = parseNumber(number, country);
	if (!phone || !country) return phone ? [phone] : [];
	const digits = parseIncompletePhoneNumber(number);
	if (digits.startsWith('+')) {
		if (isAssigned(phone)) return [phone];
		const withoutPlus = parseNumber(digits.slice(1), country);
		return withoutPlus && isAssigned(withoutPlus) ? [phone, withoutPlus] : [phone];
	}
	const withPlus = parseNumber(`+${digits}`);
	if (!withPlus || !isAssigned(withPlus) || withPlus.number === phone.number) return [phone];
	if (isAssigned(phone) && isUsual(phone, digits, country)) return [phone];
	return withPlus.country === country && isMobile(withPlus) ? [withPlus] : [phone, withPlus];
}

/** Whether people of the country write digits so for a number within it. */
function isUsual(phone: PhoneNumber, digits: string, country: CountryCode): boolean {
	if (phone.countryCallingCode !== getCountryCallingCode(country, metadata)) return false;
	const hasPrefix = digits !== phone.nationalNumber;
	return hasPrefix || isMobile(phone) || digits.length === onlyLengthIn(country);
}

function described({ number, country }: PhoneNumber): string {
	return country ? `${number} (${nameOf(country)})` : number;
}

/** What people write between two numbers. A slash may also stand within one. */
const separator =
	/[/|\\&\n\r\t]|(?<!,),(?!,)|;(?!ext=)|\b(?:and|bzw|oder|or|u|und)\b\.?|(?<=\d\)?) *(?=\+)/gi;

const SHORTEST = 7;

/** Whether a separator has a number before it and more digits after it, or digits enough on both sides. */
function holdsTwo(text: string, country?: CountryCode): boolean {
	return partings(text, separator).some(
		([one, other]) =>
			/^[(+\d]/.test(other) &&
			(isNumber(one, country) || [one, other].every((part) => digitsIn(part) >= SHORTEST)),
	);
}

/** Whether two numbers stand side by side. */
function isPair(text: string, country?: CountryCode): boolean {
	return partings(text, /[ –-]+/g).some((parts) => parts.every((part) => isNumber(part, country)));
}

/** The text before each place that matches, and the text after it. */
function partings(text: string, between: RegExp): Array<[string, string]> {
	return [...text.matchAll(between)].map(({ 0: { length }, index }) => [
		tidied(text.slice(0, index)),
		tidied(unwrapped(text.slice(index + length))),
	]);
}

function isNumber(part: string, country?: CountryCode): boolean {
	const phone = parseNumber(part, country);
	return phone !== undefined && isAssigned(phone);
}

const digitsIn = (part: string) => part.replace(/\D/g, '').length;

/** 091 before ten digits. No number within India that begins so is as long, so 91 is the country code. */
const trunkBeforeCode = /^\(?0[ .-]?91\)?(?=(?:[ .-]?\d){10}$)/;

function withCode(number: string, country: CountryCode): string {
	return country === 'IN' ? number.replace(trunkBeforeCode, '+91') : number;
}
