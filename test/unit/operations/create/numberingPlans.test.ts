import { expect, it } from 'vitest';

import {
	countriesOf,
	fitsPlan,
	isAssigned,
	isMobile,
	onlyLengthIn,
	parseNumber,
} from '../../../../nodes/Twenty2/operations/create/numberingPlans';

const phone = (number: string) => {
	const parsed = parseNumber(number);
	if (!parsed) throw new Error(`${number} has no country code`);
	return parsed;
};

it.each([
	['a mobile', '+919876543210', true, true],
	['a landline', '+912223456789', true, false],
	['either, as in North America', '+14155550132', true, true],
	['toll-free', '+18005551234', false, false],
	['nobody', '+918123456', false, false],
	['nobody, though it fits', '+911111111111', false, false],
])('the plan of a country tells that a number is of %s', (_, number, assigned, mobile) => {
	expect(isAssigned(phone(number))).toBe(assigned);
	expect(isMobile(phone(number))).toBe(mobile);
});

it.each([
	['+911111111111', true],
	['+91987654321', false],
	['+919876543210', true],
])(
	'the plan of a country tells whether %s is made up as numbers of India are: %s',
	(number, fits) => {
		expect(fitsPlan(phone(number), 'IN')).toBe(fits);
	},
);

it.each([
	['IN', 10],
	['US', 10],
	['SG', 8],
	['FR', 9],
	['DE', undefined],
	['GB', undefined],
	['AE', undefined],
] as const)(
	'the plan of a country tells how many digits all numbers of %s have: %s',
	(country, length) => {
		expect(onlyLengthIn(country)).toBe(length);
	},
);

it.each([
	['+919876543210', ['IN']],
	['+14155550123', ['US']],
	// A satellite phone, and a code that nobody has.
	['+870773111632', []],
	['+9991234567', []],
])('the digits of %s belong to %j', (number, countries) => {
	expect(countriesOf(number)).toEqual(countries);
});

it('countriesOf gives several countries where the number does not tell', () => {
	expect(countriesOf('+12005550123')).toEqual(expect.arrayContaining(['US', 'CA']));
});
