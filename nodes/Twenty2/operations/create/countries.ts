import type { CountryCode } from 'libphonenumber-js/core/es6';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { failureOnly, type Failure } from '../../api/failure';
import type { FieldReader } from '../fields/parameters';
import { countries, countryCalled } from './countryNames';

/** India first, because Twenty2 is at home there. */
function choices(none: string): INodePropertyOptions[] {
	const all = countries().map(({ code, name }) => ({ name, value: code }));
	return [
		...all.filter(({ value }) => value === 'IN'),
		{ name: none, value: '' },
		...all.filter(({ value }) => value !== 'IN'),
	];
}

/**
 * @param initial India for a workspace, which dials nowhere else
 * @param none what nothing chosen is called
 */
const defaultCountryFor = (
	authentication: string,
	initial: string,
	none: string,
): INodeProperties => ({
	displayName: 'Default Country',
	name: 'defaultCountry',
	type: 'options',
	get options() {
		return choices(none);
	},
	default: initial,
	// n8n's AI builder lists all codes to a model, unless this says that options depend on something.
	typeOptions: { loadOptionsDependsOn: [] },
	builderHint: { propertyHint: 'A country code of two letters, e.g. IN' },
	description:
		'The country of numbers without a country code, e.g. 098765 43210. An expression may give its name or code.',
	displayOptions: { show: { operation: ['createCall'], authentication: [authentication] } },
});

export const defaultCountry = defaultCountryFor('apiKey', '', 'None');

export const defaultCountryFields: INodeProperties[] = [
	defaultCountry,
	// A node that was added for an API key keeps its empty value.
	defaultCountryFor('workspace', 'IN', 'Not Chosen (India)'),
	{
		displayName: 'Without a Default Country, both numbers need a + and the country code',
		name: 'noCountryNotice',
		type: 'notice',
		default: '',
		displayOptions: {
			show: { operation: ['createCall'], authentication: ['apiKey'], defaultCountry: [''] },
		},
	},
];

const notCountry = 'must be a country, e.g. India or IN';

/** The longest text that a message repeats. */
const MAX_SHOWN = 40;

const country = z.pipe(
	z.string(notCountry).check(z.trim()),
	z.transform((given: string, { issues }) => {
		const code = countryCalled(given);
		if (code) return code;
		const message = `${notCountry}, not “${given.slice(0, MAX_SHOWN)}”`;
		issues.push({ code: 'custom', message, input: given });
		return z.NEVER;
	}),
);

/** The value of the field, undefined when it is blank, as an empty cell of a table is. */
export const countryOrNone: z.ZodMiniType<CountryCode | undefined> = z.pipe(
	z.transform((given: unknown) => (isBlank(given) ? undefined : given)),
	z.optional(country),
);

function isBlank(given: unknown): boolean {
	return given === null || (typeof given === 'string' && given.trim() === '');
}

/**
 * The country of numbers without a country code. Without one, only E.164 is taken. The Failure of a field that
 * cannot be read matters only to a number that needs the country.
 */
export type DefaultCountry = CountryCode | Failure | undefined;

/** @returns what the field holds, or the Failure `INVALID_INPUT` when that cannot be read */
export function defaultCountryOf(parameters: FieldReader): DefaultCountry {
	try {
		return parameters.readOptional(defaultCountry, countryOrNone);
	} catch (error) {
		return failureOnly(error);
	}
}
