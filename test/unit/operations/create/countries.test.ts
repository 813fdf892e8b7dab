import { getCountries } from 'libphonenumber-js/min';
import { describe, expect, it, vi } from 'vitest';

import {
	countryOrNone,
	defaultCountry,
	defaultCountryOf,
} from '../../../../nodes/Twenty2/operations/create/countries';
import { readerOf } from '../fields/reader';
import { parsed } from '../parsed';

describe('Default Country', () => {
	it('offers India first, and every other country by its name', async () => {
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

	it('is a field of Create Call', async () => {
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

	it('looks up the names once, and only when they are asked for', async () => {
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
		['', undefined],
		['  ', undefined],
		[null, undefined],
		[undefined, undefined],
	])('understands %o', (given, code) => {
		expect(parsed(countryOrNone, given)).toEqual({ value: code });
	});

	it.each([91, true, ['IN'], { code: 'IN' }])('refuses %o', (given) => {
		expect(parsed(countryOrNone, given)).toEqual({ why: 'must be a country, e.g. India or IN' });
	});

	it.each(['Indian', 'XX', '91', 'constructor', '-', 'Republic of', 'Congo', 'ABC'])(
		'refuses %o and shows it',
		(given) => {
			expect(parsed(countryOrNone, given)).toEqual({
				why: `must be a country, e.g. India or IN, not “${given}”`,
			});
		},
	);

	it('shows only the beginning of a long text', () => {
		const why = `must be a country, e.g. India or IN, not “${'x'.repeat(40)}”`;
		expect(parsed(countryOrNone, 'x'.repeat(1_000_000))).toEqual({ why });
	});

	it.each([
		['GB', ['UK', 'U.K.', 'GBR', 'Great Britain', 'england', 'Scotland', 'Northern Ireland']],
		['US', ['USA', 'U.S.A.', 'U.S.', 'usa', 'United States of America', 'The United States']],
		['AE', ['UAE', 'U.A.E.', 'ARE', 'United Arab Emirates']],
		['IN', ['IND', 'ind', 'Republic of India', 'भारत']],
		['TR', ['Turkey', 'Türkiye', 'Turkiye', 'TUR']],
		['CZ', ['Czech Republic', 'Czechia', 'CZE', 'Česko']],
		['HK', ['Hong Kong', 'HKG', 'Hong Kong SAR', 'Hong Kong, China', 'Hongkong']],
		[
			'KR',
			['South Korea', 'Korea, South', 'Korea', 'Republic of Korea', 'Korea (Republic of)', 'KOR'],
		],
		['KP', ['North Korea', 'Korea (Democratic People’s Republic of)', 'PRK']],
		['RU', ['Russia', 'Russian Federation', 'RUS']],
		['CI', ['Ivory Coast', "Cote d'Ivoire", 'Côte d’Ivoire', 'CIV']],
		['NL', ['Holland', 'The Netherlands', 'Netherlands', 'NLD', 'Nederland']],
		['DE', ['Deutschland', 'DEU', 'germany ']],
		['CH', ['Switzerland', 'CHE', 'Schweiz']],
		['AT', ['AUT', 'Österreich', 'Austria']],
		['AU', ['AUS', 'Australia']],
		['MM', ['Burma', 'Myanmar']],
		['VN', ['Vietnam', 'Viet Nam', 'VNM']],
		['IR', ['Iran', 'Iran, Islamic Republic of', 'IRN']],
		['SA', ['KSA', 'Saudi Arabia', 'Kingdom of Saudi Arabia', 'SAU']],
		['CD', ['DR Congo', 'Democratic Republic of the Congo', 'COD']],
		['CG', ['Congo - Brazzaville', 'COG']],
		['DO', ['Dominican Republic', 'DOM']],
		['DM', ['Dominica', 'DMA']],
		['BA', ['Bosnia and Herzegovina', 'Bosnia', 'BIH']],
		['KN', ['Saint Kitts and Nevis', 'St. Kitts & Nevis']],
		['VA', ['Vatican', 'Holy See', 'Vatican City State']],
		['XK', ['Kosovo', 'XKX']],
	])('understands what people call %s', (code, names) => {
		expect(names.map((name) => parsed(countryOrNone, name))).toEqual(
			names.map(() => ({ value: code })),
		);
	});

	it('takes every name for the country that has it, and each code of three letters for one country', () => {
		const english = new Intl.DisplayNames('en', { type: 'region' });
		for (const code of getCountries()) {
			expect(parsed(countryOrNone, english.of(code))).toEqual({ value: code });
			expect(parsed(countryOrNone, code.toLowerCase())).toEqual({ value: code });
		}
		const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
		const all = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
		const understood = all.flatMap((name) => Object(parsed(countryOrNone, name)).value ?? []);
		// All but Ascension and Tristan da Cunha have one, and four have common names of three letters.
		const codes = getCountries().filter((code) => code !== 'AC' && code !== 'TA');
		expect(new Set(understood)).toEqual(new Set(codes));
		expect(understood).toHaveLength(codes.length + ['UAE', 'DRC', 'PRC', 'KSA'].length);
	});

	it('says in the list what it does', () => {
		const { options = [] } = defaultCountry;
		expect(options[0]).toMatchObject({ description: 'Take numbers as in India' });
		expect(options.filter(({ name }) => name === 'India')).toHaveLength(1);
	});

	it.each([
		['none', {}, undefined],
		['that of the field', { defaultCountry: 'IN' }, 'IN'],
		['none for an empty cell', { defaultCountry: ' ' }, undefined],
	])('is %s', (_, fields, code) => {
		expect(defaultCountryOf(readerOf(fields))).toBe(code);
	});

	it('that cannot be read is the Failure that says so, for a number that needs it', () => {
		expect(defaultCountryOf(readerOf({ defaultCountry: 'Atlantis' }))).toMatchObject({
			fields: {
				code: 'INVALID_INPUT',
				message: 'Default Country must be a country, e.g. India or IN, not “Atlantis”',
			},
		});
	});
});
