import { getCountries } from 'libphonenumber-js/min';
import { expect, it } from 'vitest';

import { countryCalled, nameOf } from '../../../../nodes/Twenty2/operations/create/countryNames';

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
])('a country is found by what people call it: %s', (code, names) => {
	expect(names.map(countryCalled)).toEqual(names.map(() => code));
});

it('each name is understood as the country that has it, and each code of three letters for one country', () => {
	const english = new Intl.DisplayNames('en', { type: 'region' });
	for (const code of getCountries()) {
		expect(countryCalled(english.of(code) ?? '')).toBe(code);
		expect(countryCalled(code.toLowerCase())).toBe(code);
		expect(nameOf(code)).toBe(english.of(code));
	}
	const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
	const all = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
	const understood = all.flatMap((name) => countryCalled(name) ?? []);
	// All but Ascension and Tristan da Cunha have one, and four have common names of three letters.
	const codes = getCountries().filter((code) => code !== 'AC' && code !== 'TA');
	expect(new Set(understood)).toEqual(new Set(codes));
	expect(understood).toHaveLength(codes.length + ['UAE', 'DRC', 'PRC', 'KSA'].length);
});

it.each(['', ' ', 'Indian', 'XX', '91', 'Republic of', 'Virgin Islands', '__proto__'])(
	'%o is the name of no country',
	(name) => {
		expect(countryCalled(name)).toBeUndefined();
	},
);
