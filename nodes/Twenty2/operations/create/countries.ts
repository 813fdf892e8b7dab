import { getCountries, type CountryCode } from 'libphonenumber-js/core/es6';
import numberingPlans from 'libphonenumber-js/metadata.min.json';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { FieldReader } from '../fields/parameters';

const codes = getCountries(numberingPlans);

/** By their English names. Node looks these up, which takes longer than loading the whole node. */
let named: Array<{ code: CountryCode; name: string }> | undefined;

function countries() {
	if (named) return named;
	const english = new Intl.DisplayNames('en', { type: 'region' });
	return (named = codes
		.map((code) => ({ code, name: english.of(code) ?? code }))
		.sort((one, other) => one.name.localeCompare(other.name, 'en')));
}

/** India first, because Twenty2 is at home there. */
function choices(): INodePropertyOptions[] {
	const all = countries().map(({ code, name }) => ({
		name,
		value: code,
		description: `Take numbers as in ${name}`,
	}));
	return [
		...all.filter(({ value }) => value === 'IN'),
		{ name: 'None', value: '', description: 'Take numbers with + and country code only' },
		...all.filter(({ value }) => value !== 'IN'),
	];
}

export const defaultCountry: INodeProperties = {
	displayName: 'Default Country',
	name: 'defaultCountry',
	type: 'options',
	get options() {
		return choices();
	},
	default: '',
	description:
		'The country of phone numbers without a country code. With it, numbers can be written as people write them, e.g. 098765 43210. An expression may give the name of the country or its two letters.',
	hint: 'Without it, both numbers need a + and the country code',
	displayOptions: { show: { operation: ['createCall'] } },
};

/** Where workflows of before have the field. The editor does not show it. */
export const formerDefaultCountry: INodeProperties = {
	displayName: 'Default Country',
	name: 'defaultCountry',
	type: 'hidden',
	default: '',
	description: 'The country of phone numbers without a country code, by its two letters',
};

const notCountry = 'must be a country, e.g. India or IN';

const country = z.pipe(
	z.string(notCountry).check(z.trim()),
	z.pipe(
		z.transform(codeOf),
		z.custom<CountryCode>((code) => code !== undefined, notCountry),
	),
);

/** @param given the code of a country or its English name */
function codeOf(given: string): CountryCode | undefined {
	const wanted = given.toUpperCase();
	return (
		codes.find((code) => code === wanted) ??
		countries().find(({ name }) => name.toUpperCase() === wanted)?.code
	);
}

/** The value of the field, undefined when it is blank, as an empty cell of a table is. */
export const countryOrNone: z.ZodMiniType<CountryCode | undefined> = z.pipe(
	z.transform((given: unknown) => (isBlank(given) ? undefined : given)),
	z.optional(country),
);

function isBlank(given: unknown): boolean {
	return given === null || (typeof given === 'string' && given.trim() === '');
}

/**
 * The country of numbers without a country code.
 * @returns undefined when there is none, so that only E.164 is taken
 * @throws Failure `INVALID_INPUT`
 */
export function defaultCountryOf(parameters: FieldReader): CountryCode | undefined {
	return (
		parameters.read(defaultCountry, countryOrNone) ??
		parameters.readOption(formerDefaultCountry, countryOrNone)
	);
}
