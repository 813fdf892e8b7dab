import { DateTime, IANAZone } from 'luxon';
import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure } from '../../api/failure';
import { whereToLook, type FieldReader } from '../fields/parameters';
import { countriesOf } from './numberingPlans';
import { timezoneOf } from './timezones';

const weekdays = [
	'Monday',
	'Tuesday',
	'Wednesday',
	'Thursday',
	'Friday',
	'Saturday',
	'Sunday',
] as const;

const from: INodeProperties = {
	displayName: 'From',
	name: 'from',
	type: 'string',
	default: '09:00',
	placeholder: 'e.g. 09:00',
	description: 'The time from which people may be phoned',
};

const to: INodeProperties = {
	displayName: 'To',
	name: 'to',
	type: 'string',
	default: '21:00',
	placeholder: 'e.g. 21:00',
	description:
		'The time from which people may no longer be phoned. A time before From is on the next day.',
};

const days: INodeProperties = {
	displayName: 'Days',
	name: 'days',
	type: 'multiOptions',
	options: weekdays.map((name, n) => ({ name, value: n + 1 })),
	default: [1, 2, 3, 4, 5, 6, 7],
	description: 'The days on which these hours begin',
};

const zone: INodeProperties = {
	displayName: 'Timezone',
	name: 'zone',
	type: 'options',
	options: [
		{
			name: 'Of the Person Called',
			value: 'number',
			description: 'The timezone of the country that is called, if it has only one',
		},
		{
			name: 'Of This Workflow',
			value: 'workflow',
			description:
				'The timezone in the settings of this workflow, or that of n8n if none is set there',
		},
		{
			name: 'Fixed',
			value: 'fixed',
			description: 'The timezone that is entered below',
		},
	],
	default: 'number',
	description: 'Whose clock decides',
};

const timezone: INodeProperties = {
	displayName: 'Fixed Timezone',
	name: 'timezone',
	type: 'string',
	default: '',
	placeholder: 'e.g. Asia/Kolkata',
	description: 'The name of the timezone in the IANA database',
	displayOptions: { show: { zone: ['fixed'] } },
};

export const callingHours: INodeProperties = {
	displayName: 'Calling Hours',
	name: 'callingHours',
	type: 'fixedCollection',
	placeholder: 'Add Hours',
	default: { hours: {} },
	description:
		'When people may be phoned. Otherwise the item says OUTSIDE_CALLING_HOURS, with the next time in next_allowed_at.',
	options: [{ displayName: 'Hours', name: 'hours', values: [from, to, days, zone, timezone] }],
};

const MINUTES_PER_DAY = 1_440;

/** As people and tables write a time: 9:00, 09:00:00, 21.00, 9, 9 am or 9:30 PM. */
const timePattern = /^(\d{1,2})(?:[:.]([0-5]\d)(?:[:.]([0-5]\d))?)?(?: ?([ap])\.?m\.?)?$/i;

/** In minutes since midnight, NaN where text is no time of a day. */
function minutesIn(written: string): number {
	const [, hour, minute = 0, second = 0, half] = timePattern.exec(written) ?? [];
	const [hours, minutes] = [Number(hour), Number(minute) + Number(second) / 60];
	if (half === undefined) return hours * 60 + minutes;
	if (hours < 1 || hours > 12) return NaN;
	return ((hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0)) * 60 + minutes;
}

/** The longest text that a message repeats. */
const MAX_SHOWN = 40;

/**
 * A time of day in whole minutes since midnight.
 * @param last the last time that is taken, in such minutes
 * @param whole what becomes of seconds
 */
const timeOfDay = ({ displayName }: INodeProperties, last: number, whole: (n: number) => number) =>
	z.pipe(
		z.transform((given: unknown, { issues }) => {
			const written = isText(given) ? String(given).trim() : '';
			const found = whole(minutesIn(written));
			if (found <= last) return found;
			const shown = written === '' ? '' : `, not “${written.slice(0, MAX_SHOWN)}”`;
			const message = `needs a time like 09:00 under ${displayName}${shown}`;
			issues.push({ code: 'custom', message, input: given });
			return z.NEVER;
		}),
		z.number(),
	);

const isText = (given: unknown) => typeof given === 'string' || typeof given === 'number';

const notDays = 'needs at least one day under Days, each as a number from 1 (Monday) to 7 (Sunday)';

const day = z.pipe(
	z.pipe(z.union([z.number(), z.string().check(z.regex(/^[1-7]$/))], notDays), z.transform(Number)),
	z.number().check(z.int(notDays), z.gte(1, notDays), z.lte(7, notDays)),
);

const zones = z.enum(
	['number', 'workflow', 'fixed'],
	'must be number, workflow or fixed under Timezone',
);

const hoursSchema = z
	.object({
		from: z._default(timeOfDay(from, MINUTES_PER_DAY - 1, Math.ceil), 9 * 60),
		to: z._default(timeOfDay(to, MINUTES_PER_DAY, Math.floor), 21 * 60),
		days: z._default(z.array(day, notDays).check(z.minLength(1, notDays)), [1, 2, 3, 4, 5, 6, 7]),
		zone: z._default(zones, 'number'),
		timezone: z.unknown(),
	})
	.check(
		z.refine(
			(hours) => hours.from !== hours.to,
			'has the same time under From and To. For the whole day, enter 00:00 and 24:00',
		),
	);

const collection = z.object(
	{
		hours: z.pipe(
			z.custom((hours) => hours !== undefined, 'has no hours'),
			hoursSchema,
		),
	},
	'has no hours',
);

/** When people may be phoned, by the clock of one timezone. */
export interface CallingHours {
	/** In minutes since midnight. */
	from: number;
	/** In minutes since midnight. Hours that end before they begin end on the next day. */
	to: number;
	/** The days on which they begin, by their numbers in ISO 8601: 1 is Monday. */
	days: number[];
	/** In the IANA database. */
	timezone: string;
}

/**
 * The calling hours of an item.
 * @param toNumber the number that is called, in E.164
 * @returns undefined when the option was not added
 * @throws Failure `INVALID_INPUT`, also when the option was added but has no hours: that would switch it
 * off unnoticed
 */
export function callingHoursOf(
	parameters: FieldReader & { workflowTimezone: string },
	toNumber: string,
): CallingHours | undefined {
	const given = parameters.readAddedOption(callingHours, collection);
	if (!given) return undefined;
	const { zone: whose, timezone: name, ...hours } = given.hours;
	const zoneName = {
		workflow: () => workflowZone(parameters.workflowTimezone),
		number: () => zoneOfNumber(toNumber),
		fixed: () => fixedZone(name),
	}[whose];
	return { ...hours, timezone: zoneName() };
}

function workflowZone(name: string): string {
	if (IANAZone.isValidZone(name)) return name;
	throw unusable(`cannot use the workflow's timezone "${name}", which is not known`);
}

function zoneOfNumber(toNumber: string): string {
	const found = timezoneOf(countriesOf(toNumber));
	if (found !== undefined) return found;
	throw unusable(
		'cannot use the country of To Number, which does not tell the timezone: it has several, or none is known',
	);
}

function fixedZone(given: unknown): string {
	const name = typeof given === 'string' ? given.trim() : '';
	if (IANAZone.isValidZone(name)) return name;
	const what =
		name === '' ? 'needs a name under Fixed Timezone' : `has an unknown Fixed Timezone "${name}"`;
	throw unusable(`${what}, e.g. Asia/Kolkata`, whereToLook);
}

const enterTimezone = 'Choose Fixed under Timezone, and enter the name under Fixed Timezone';

function unusable(what: string, advice = enterTimezone): Failure {
	return Failure.ofInput('INVALID_INPUT', `${callingHours.displayName} ${what}`, advice);
}

/**
 * Whether people may be phoned. The clock on the wall decides: where it is put back, an hour may count twice.
 * @param at in milliseconds since 1970
 */
export function isWithin(hours: CallingHours, at: number): boolean {
	return isOpen(hours, DateTime.fromMillis(at, { zone: hours.timezone }));
}

/** @param now in the timezone of the hours */
function isOpen(hours: CallingHours, now: DateTime): boolean {
	const minute = minuteOf(now);
	const begun = hours.days.includes(now.weekday) && hours.from <= minute;
	if (hours.from < hours.to) return begun && minute < hours.to;
	const beganYesterday = hours.days.includes(now.weekday === 1 ? 7 : now.weekday - 1);
	return begun || (beganYesterday && minute < hours.to);
}

/**
 * The next moment at which people may be phoned.
 * @param at outside of the hours, in milliseconds since 1970
 */
export function nextAllowed(hours: CallingHours, at: number): Next {
	let now = DateTime.fromMillis(at, { zone: hours.timezone, locale: 'en' }).startOf('minute');
	for (;;) {
		const untilFrom = hours.from - minuteOf(now);
		const toFrom = untilFrom > 0 ? untilFrom : untilFrom + MINUTES_PER_DAY;
		const opens = now.plus({ minutes: toFrom });
		// While the clock is not changed, hours begin at From only.
		const step = opens.offset === now.offset ? toFrom : 1;
		for (let passed = step; passed <= toFrom; passed += step) {
			const next = now.plus({ minutes: passed });
			if (!isOpen(hours, next)) continue;
			return {
				iso: next.toFormat("yyyy-MM-dd'T'HH:mm:ssZZ"),
				inWords: `${next.toFormat('ccc HH:mm')} (${hours.timezone})`,
			};
		}
		now = opens;
	}
}

/** A moment at which people may be phoned. It is at most a week away, so the weekday tells the day. */
export interface Next {
	/** ISO 8601 with the offset of the timezone. */
	iso: string;
	/** As in "Mon 09:00 (Asia/Kolkata)". */
	inWords: string;
}

const minuteOf = ({ hour, minute }: DateTime) => hour * 60 + minute;

/**
 * To be called immediately before a create is sent.
 * @param at in milliseconds since 1970
 * @throws Failure `OUTSIDE_CALLING_HOURS`
 */
export function checkHours(hours: CallingHours | undefined, at: number): void {
	if (!hours || isWithin(hours, at)) return;
	const there = DateTime.fromMillis(at, { zone: hours.timezone, locale: 'en' });
	const clock = there.toFormat('cccc HH:mm');
	const { iso, inWords } = nextAllowed(hours, at);
	const message = `It is ${clock} in ${hours.timezone}, outside of the Calling Hours until ${inWords}`;
	throw Failure.ofNode('OUTSIDE_CALLING_HOURS', message, {
		outcome: 'not_placed',
		next_allowed_at: iso,
	});
}
