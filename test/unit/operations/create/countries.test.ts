import { expect, it, vi } from 'vitest';

import {
	countryOrNone,
	defaultCountryFields,
	defaultCountryOf,
} from '../../../../nodes/Twenty2/operations/create/countries';
import { readerOf } from '../fields/reader';
import { parsed } from '../parsed';

it('Default Country offers India first, and every other country by its name', async () => {
	vi.resetModules();
	const fresh = await import('../../../../nodes/Twenty2/operations/create/countries');
	const { options = [] } = fresh.defaultCountry;
	expect(options[0]).toMatchObject({ name: 'India', value: 'IN' });
	expect(options[1]).toMatchObject({ name: 'None', value: '' });
	expect(options.length).toBeGreaterThan(200);
	expect(options).toContainEqual(expect.objectContaining({ name: 'Germany', value: 'DE' }));
	const others = options.slice(2).map(({ name }) => name);
	expect(others).toEqual([...others].sort((one, other) => one.localeCompare(other, 'en')));
	expect(others.filter((name) => /^[A-Z]{2}$/.test(name))).toEqual([]);
});

it('Default Country is a field of Create Call', async () => {
	vi.resetModules();
	const fresh = await import('../../../../nodes/Twenty2/operations/create/countries');
	const common = { displayName: 'Default Country', name: 'defaultCountry', default: '' };
	expect(fresh.defaultCountry).toMatchObject({
		...common,
		type: 'options',
		displayOptions: { show: { operation: ['createCall'] } },
	});
	expect(parsed(fresh.countryOrNone, 'in')).toEqual({ value: 'IN' });
	expect(parsed(fresh.countryOrNone, ' ')).toEqual({ value: undefined });
	const why = 'must be a country, e.g. India or IN';
	expect(parsed(fresh.countryOrNone, 91)).toEqual({ why });
	expect(parsed(fresh.countryOrNone, 'XX')).toEqual({ why: `${why}, not “XX”` });
});

it('Default Country looks up the names once, and only when they are asked for', async () => {
	const { DisplayNames } = Intl;
	const names = vi.spyOn(Intl, 'DisplayNames').mockImplementation(function (...given) {
		return new DisplayNames(...given);
	});
	vi.resetModules();
	const fresh = await import('../../../../nodes/Twenty2/operations/create/countries');
	expect(names).not.toHaveBeenCalled();
	expect(fresh.defaultCountry.options).toEqual(fresh.defaultCountry.options);
	expect(names).toHaveBeenCalledTimes(1);
	names.mockRestore();
});

it.each([
	['IN', 'IN'],
	['India', 'IN'],
	['india', 'IN'],
	[' in ', 'IN'],
	['United Kingdom', 'GB'],
	['de', 'DE'],
	['UAE', 'AE'],
	['GBR', 'GB'],
	['', undefined],
	['  ', undefined],
	[null, undefined],
	[undefined, undefined],
])('Default Country understands %o', (given, code) => {
	expect(parsed(countryOrNone, given)).toEqual({ value: code });
});

it.each([91, true, ['IN'], { code: 'IN' }])('Default Country refuses %o', (given) => {
	expect(parsed(countryOrNone, given)).toEqual({ why: 'must be a country, e.g. India or IN' });
});

it.each(['Indian', 'XX', '91', 'constructor', '-', 'Republic of', 'Congo', 'ABC'])(
	'Default Country refuses %o and shows it',
	(given) => {
		expect(parsed(countryOrNone, given)).toEqual({
			why: `must be a country, e.g. India or IN, not “${given}”`,
		});
	},
);

it('Default Country shows only the beginning of a long text', () => {
	const why = `must be a country, e.g. India or IN, not “${'x'.repeat(40)}”`;
	expect(parsed(countryOrNone, 'x'.repeat(1_000_000))).toEqual({ why });
});

it('Default Country is India for a workspace, which dials nowhere else, and none for an API key', () => {
	const fields = defaultCountryFields.filter(({ name }) => name === 'defaultCountry');
	const defaults = fields.map(({ displayOptions, default: initial, options = [] }) => [
		displayOptions?.show?.authentication,
		initial,
		options.filter((option) => 'name' in option && option.name === 'India').length,
	]);
	expect(defaults).toEqual([
		[['apiKey'], '', 1],
		[['workspace'], 'IN', 1],
	]);
});

it.each([
	['none', {}, undefined],
	['that of the field', { defaultCountry: 'IN' }, 'IN'],
	['none for an empty cell', { defaultCountry: ' ' }, undefined],
])('Default Country is %s', (_, fields, code) => {
	expect(defaultCountryOf(readerOf(fields))).toBe(code);
});

it('a Default Country that cannot be read gives a Failure, for a number that needs it', () => {
	expect(defaultCountryOf(readerOf({ defaultCountry: 'Atlantis' }))).toMatchObject({
		fields: {
			code: 'INVALID_INPUT',
			message: 'Default Country must be a country, e.g. India or IN, not “Atlantis”',
		},
	});
});

it.each([null, '', 'null'])('Default Country is none where a model sends %j', (defaultCountry) => {
	expect(defaultCountryOf(readerOf({ defaultCountry }, {}, true))).toBeUndefined();
});
