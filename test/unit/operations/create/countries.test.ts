import { describe, expect, it } from 'vitest';

import {
	countryOrNone,
	defaultCountry,
} from '../../../../nodes/Twenty2/operations/create/countries';
import { parsed } from '../parsed';

describe('Default Country', () => {
	it('offers India first, and every other country by its name', () => {
		const { options = [] } = defaultCountry;
		expect(options[0]).toMatchObject({ name: 'India', value: 'IN' });
		expect(options[1]).toMatchObject({ name: 'None', value: '' });
		expect(options.length).toBeGreaterThan(200);
		expect(options).toContainEqual(expect.objectContaining({ name: 'Germany', value: 'DE' }));
		const others = options.slice(2).map(({ name }) => name);
		expect(others).toEqual([...others].sort((one, other) => one.localeCompare(other, 'en')));
		expect(others.filter((name) => /^[A-Z]{2}$/.test(name))).toEqual([]);
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

	it.each(['Indian', 'XX', '91', 91, true, ['IN'], { code: 'IN' }, 'constructor'])(
		'refuses %o',
		(given) => {
			expect(parsed(countryOrNone, given)).toEqual({
				why: 'must be a country, e.g. India or IN',
			});
		},
	);
});
