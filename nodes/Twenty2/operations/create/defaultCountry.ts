import { getCountries, type CountryCode } from 'libphonenumber-js/core/es6';
import numberingPlans from 'libphonenumber-js/metadata.min.json';
import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

export const defaultCountry: INodeProperties = {
	displayName: 'Default Country',
	name: 'defaultCountry',
	type: 'string',
	default: '',
	placeholder: 'e.g. IN',
	description:
		'The country of phone numbers without a country code, by its two letters. With it, numbers can be written as people write them, e.g. 098765 43210. Without it, they need a + and the country code.',
};

const notCountry = 'must be the two letters of a country, e.g. IN for India';

const countries = new Set<unknown>(getCountries(numberingPlans));

const country = z.pipe(
	z.string(notCountry).check(z.trim(), z.toUpperCase()),
	// An enum of them all would take a tenth of the time that loading the node takes.
	z.custom<CountryCode>((code) => countries.has(code), notCountry),
);

/** What the option says; an empty one says nothing, as does an empty cell of a table. */
export const countryOrNone: z.ZodMiniType<CountryCode | undefined> = z.pipe(
	z.transform((given: unknown) => (isBlank(given) ? undefined : given)),
	z.optional(country),
);

function isBlank(given: unknown): boolean {
	return given === null || (typeof given === 'string' && given.trim() === '');
}
