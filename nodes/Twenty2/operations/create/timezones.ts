import type { CountryCode } from 'libphonenumber-js/core/es6';
import { DateTime } from 'luxon';
import * as z from 'zod/v4/mini';

/** Days over which two timezones are compared: a year, with both changes of the clocks. */
const COMPARED_DAYS = 366;

const list = z.array(z.string());

/** TypeScript does not know these two. Node 20 has the property, later versions the method. */
const withTimezones = z.object({
	getTimeZones: z.optional(z.custom<() => unknown>((value) => typeof value === 'function')),
	timeZones: z.optional(list),
});

/** The timezone of each set of countries that was asked for, null where there is not one for all. */
const known = new Map<string, string | null>();

/**
 * The timezone that a person in one of these countries has, from the data that Node carries. Timezones
 * that have the same offset all year from now on count as one.
 * @returns undefined where there are several, or none is known
 */
export function timezoneOf(countries: CountryCode[]): string | undefined {
	const name = countries.join(' ');
	const zone = known.get(name) ?? onlyOne(countries.flatMap(timezonesOf));
	known.set(name, zone);
	return zone === null ? undefined : (renamed[zone] ?? zone);
}

/** What the IANA database calls timezones for which Node's data has an old name. */
const renamed: Partial<Record<string, string>> = {
	'Africa/Asmera': 'Africa/Asmara',
	'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
	'America/Godthab': 'America/Nuuk',
	'Asia/Calcutta': 'Asia/Kolkata',
	'Asia/Katmandu': 'Asia/Kathmandu',
	'Asia/Rangoon': 'Asia/Yangon',
	'Asia/Saigon': 'Asia/Ho_Chi_Minh',
	'Atlantic/Faeroe': 'Atlantic/Faroe',
	'Europe/Kiev': 'Europe/Kyiv',
};

function timezonesOf(country: CountryCode): string[] {
	const locale = new Intl.Locale(`und-${country}`);
	const { getTimeZones, timeZones } = withTimezones.parse({
		getTimeZones: Reflect.get(locale, 'getTimeZones'),
		timeZones: Reflect.get(locale, 'timeZones'),
	});
	return list.parse(getTimeZones?.call(locale) ?? timeZones ?? []);
}

function onlyOne([first, ...others]: string[]): string | null {
	if (first === undefined) return null;
	const days = Array.from({ length: COMPARED_DAYS }, (_, n) => DateTime.utc().plus({ days: n }));
	const offsets = days.map((day) => day.setZone(first).offset);
	const agrees = (zone: string) => days.every((day, n) => day.setZone(zone).offset === offsets[n]);
	return others.every(agrees) ? first : null;
}
