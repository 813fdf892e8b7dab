import { afterEach, expect, it, vi } from 'vitest';

import { timezoneOf } from '../../../../nodes/Twenty2/operations/create/timezones';

afterEach(() => {
	vi.restoreAllMocks();
	vi.resetModules();
});

it.each([
	['IN', /^Asia\/Kolkata$/],
	['GB', /^Europe\/London$/],
	['DE', /^Europe\//],
	// With several timezones that agree all year.
	['AR', /^America\//],
	['MY', /^Asia\//],
] as const)('timezoneOf knows the timezone of %s', (country, zone) => {
	expect(timezoneOf([country])).toMatch(zone);
	// It is kept.
	expect(timezoneOf([country])).toMatch(zone);
});

it.each([['US'], ['ES'], ['CN'], ['AU']] as const)(
	'timezoneOf knows no timezone for %s, which has several',
	(...of) => {
		expect(timezoneOf(of)).toBeUndefined();
		expect(timezoneOf(of)).toBeUndefined();
	},
);

it('timezoneOf knows the timezone of several countries only where they agree', () => {
	expect(timezoneOf(['GB', 'GG'])).toMatch(/^Europe\//);
	expect(timezoneOf(['GB', 'IN'])).toBeUndefined();
});

it('timezoneOf tells apart countries that change their clocks on other days', () => {
	// All of them are two hours ahead of UTC in winter.
	expect(timezoneOf(['FI', 'EG'])).toBeUndefined();
	// The first has summer time, and the second has none.
	expect(timezoneOf(['FI', 'ZA'])).toBeUndefined();
});

it('timezoneOf knows no timezone without a country', () => {
	expect(timezoneOf([])).toBeUndefined();
});

it.each([
	['the method of later versions of Node', { getTimeZones: () => ['Asia/Kolkata'] }],
	['the property of Node 20', { timeZones: ['Asia/Kolkata'] }],
	['both', { getTimeZones: () => ['Asia/Kolkata'], timeZones: ['Europe/Berlin'] }],
])('timezoneOf takes %s', async (_, locale) => {
	const fresh = await import('../../../../nodes/Twenty2/operations/create/timezones');
	vi.spyOn(Intl, 'Locale').mockImplementation(function () {
		return Object.assign(Object.create(null), locale);
	});
	expect(fresh.timezoneOf(['LK'])).toBe('Asia/Kolkata');
	expect(Intl.Locale).toHaveBeenCalledWith('und-LK');
});

it('timezoneOf gives none where Node knows nothing of it', async () => {
	const fresh = await import('../../../../nodes/Twenty2/operations/create/timezones');
	vi.spyOn(Intl, 'Locale').mockImplementation(function () {
		return Object.create(null);
	});
	expect(fresh.timezoneOf(['NP'])).toBeUndefined();
});
