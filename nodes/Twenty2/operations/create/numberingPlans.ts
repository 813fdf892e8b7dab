import {
	parsePhoneNumberFromString,
	type CountryCode,
	type PhoneNumber,
} from 'libphonenumber-js/core/es6';
import metadata from 'libphonenumber-js/metadata.max.json';
import * as z from 'zod/v4/mini';

/** @param country of a number that is written without a + */
export function parseNumber(written: string, country?: CountryCode): PhoneNumber | undefined {
	const options = { ...(country && { defaultCountry: country }), extract: false };
	return parsePhoneNumberFromString(written, options, metadata);
}

/** The countries that a number in E.164 may belong to: most often one, and none for a satellite phone. */
export function countriesOf(number: string): CountryCode[] {
	const phone = parseNumber(number);
	return phone?.country ? [phone.country] : (phone?.getPossibleCountries() ?? []);
}

/** Whether somebody may have the number: it is one of a landline or a mobile, as far as is known today. */
export function isAssigned(phone: PhoneNumber): boolean {
	return isMobile(phone) || phone.getType() === 'FIXED_LINE';
}

export function isMobile(phone: PhoneNumber): boolean {
	const type = phone.getType();
	return type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE';
}

/** Where libphonenumber-js' metadata has the parts of a country's plan. Each type of numbers may have lengths of its own. */
const PATTERN = 2;
const LENGTHS = 3;
const TYPES = 11;

const parts = z.array(z.unknown());
const lengths = z.array(z.number());

/**
 * Whether a number is made up as those of its country are. New ranges come every month, so it need not be
 * assigned yet.
 */
export function fitsPlan(phone: PhoneNumber, country: CountryCode): boolean {
	const pattern = z.string().parse(metadata.countries[country]?.[PATTERN]);
	return new RegExp(`^(?:${pattern})$`).test(phone.nationalNumber);
}

/** How many digits all landlines and mobiles of the country have, undefined where they differ. */
export function onlyLengthIn(country: CountryCode): number | undefined {
	const plan = parts.parse(metadata.countries[country]);
	const [landline, mobile] = parts.parse(plan[TYPES]).map((type) => type && parts.parse(type)[1]);
	const all = [landline, mobile].flatMap((own) => lengths.parse(own ?? plan[LENGTHS]));
	const [only, ...others] = new Set(all);
	return others.length === 0 ? only : undefined;
}
