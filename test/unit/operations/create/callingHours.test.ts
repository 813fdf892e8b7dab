import * as fc from 'fast-check';
import { DateTime, Settings } from 'luxon';
import { describe, expect, it } from 'vitest';

import {
	callingHoursOf,
	checkHours,
	isWithin,
	nextAllowed,
	type CallingHours,
} from '../../../../nodes/Twenty2/operations/create/callingHours';
import { FieldReader } from '../../../../nodes/Twenty2/operations/fields/parameters';
import { failureFrom } from '../../api/failureFrom';

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const india: CallingHours = { from: 540, to: 1_260, days: everyDay, timezone: 'Asia/Kolkata' };

const at = (time: string) => DateTime.fromISO(time, { setZone: true }).toMillis();
const next = (hours: CallingHours, time: string) => nextAllowed(hours, at(time)).iso;
const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

it.each([
	['08:59:59', false],
	['09:00:00', true],
	['20:59:59', true],
	['21:00:00', false],
])('the hours from 09:00 to 21:00 have %s in them: %s', (time, within) => {
	expect(isWithin(india, at(`2026-05-22T${time}+05:30`))).toBe(within);
});

it.each([
	['later that day', '2026-05-22T03:10:20+05:30', '2026-05-22T09:00:00+05:30'],
	['the next day', '2026-05-22T21:00:00+05:30', '2026-05-23T09:00:00+05:30'],
	['said elsewhere', '2026-05-22T20:00:00Z', '2026-05-23T09:00:00+05:30'],
])('the hours begin again %s', (_, time, begin) => {
	expect(next(india, time)).toBe(begin);
});

it('the hours are over for the weekend on Friday evening', () => {
	const working = { ...india, days: [1, 2, 3, 4, 5] };
	expect(isWithin(working, at('2026-05-23T12:00:00+05:30'))).toBe(false);
	expect(next(working, '2026-05-22T21:30:00+05:30')).toBe('2026-05-25T09:00:00+05:30');
});

it('hours over midnight on Sundays only go on into Monday', () => {
	const night = { ...india, from: minutes('20:00'), to: minutes('02:00'), days: [7] };
	expect(isWithin(night, at('2026-05-25T01:59:00+05:30'))).toBe(true);
	expect(isWithin(night, at('2026-05-26T01:59:00+05:30'))).toBe(false);
});

it('the hours are told in English in every n8n', () => {
	const { defaultLocale } = Settings;
	Settings.defaultLocale = 'de';
	const failure = failureFrom(() => checkHours(india, at('2026-05-22T21:14:00+05:30')));
	Settings.defaultLocale = defaultLocale;
	expect(failure.fields.message).toContain('It is Friday 21:14');
});

describe('over midnight, on Fridays only', () => {
	const night = { ...india, from: minutes('20:00'), to: minutes('02:00'), days: [5] };

	it.each([
		['Friday 19:59', '2026-05-22T19:59:00+05:30', false],
		['Friday 23:00', '2026-05-22T23:00:00+05:30', true],
		['Saturday 01:59', '2026-05-23T01:59:00+05:30', true],
		['Saturday 02:00', '2026-05-23T02:00:00+05:30', false],
		['Friday 01:00, which belongs to Thursday', '2026-05-22T01:00:00+05:30', false],
		['Saturday 20:00', '2026-05-23T20:00:00+05:30', false],
	])('hours over midnight on Fridays only have %s in them: %s', (_, time, within) => {
		expect(isWithin(night, at(time))).toBe(within);
	});

	it('hours over midnight on Fridays only begin again a week later', () => {
		expect(next(night, '2026-05-23T02:00:00+05:30')).toBe('2026-05-29T20:00:00+05:30');
	});
});

it('the hours of a whole day end with it', () => {
	const monday = { ...india, from: 0, to: 1_440, days: [1] };
	expect(isWithin(monday, at('2026-05-25T23:59:59+05:30'))).toBe(true);
	expect(isWithin(monday, at('2026-05-26T00:00:00+05:30'))).toBe(false);
	expect(next(monday, '2026-05-26T00:00:00+05:30')).toBe('2026-06-01T00:00:00+05:30');
});

const berlin = { ...india, timezone: 'Europe/Berlin' };

it.each([
	['spring', '2026-03-28T22:00:00+01:00', '2026-03-29T09:00:00+02:00'],
	['autumn', '2026-10-24T22:00:00+02:00', '2026-10-25T09:00:00+01:00'],
])('the hours keep to the clock in %s where clocks change', (_, time, begin) => {
	expect(next(berlin, time)).toBe(begin);
});

it('the hours begin after the hour that is left out where clocks change', () => {
	const early = { ...berlin, from: minutes('02:30'), to: minutes('05:00') };
	expect(next(early, '2026-03-29T01:50:00+01:00')).toBe('2026-03-29T03:00:00+02:00');
});

it('the hours begin again in the hour that comes twice where clocks change', () => {
	const early = { ...berlin, from: minutes('01:00'), to: minutes('02:30') };
	expect(next(early, '2026-10-25T02:40:00+02:00')).toBe('2026-10-25T02:00:00+01:00');
});

it('the hours begin again when a look at every minute finds that they do', () => {
	const zones = ['Asia/Kolkata', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'];
	const changes = [
		'2026-03-08',
		'2026-03-29',
		'2026-04-05',
		'2026-10-04',
		'2026-10-25',
		'2026-11-01',
	];
	const aroundChange = fc
		.tuple(fc.constantFrom(...changes), fc.integer({ min: -2_880, max: 2_880 }))
		.map(([day, offset]) => at(`${day}T00:00:00Z`) + offset * 60_000);
	const hours = fc.record({
		from: fc.integer({ min: 0, max: 1_439 }),
		length: fc.integer({ min: 1, max: 1_440 }),
		days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
		timezone: fc.constantFrom(...zones),
	});
	fc.assert(
		fc.property(hours, aroundChange, ({ from, length, ...rest }, start) => {
			const to = from + length > 1_440 ? (from + length) % 1_440 : from + length;
			fc.pre(from !== to);
			const given = { ...rest, from, to };
			fc.pre(!isWithin(given, start));
			let minute = start;
			while (!isWithin(given, minute)) minute += 60_000;
			expect(at(nextAllowed(given, start).iso)).toBe(minute);
		}),
		{ numRuns: 150 },
	);
});

it('the message says when people may be phoned again', () => {
	const { fields } = failureFrom(() => checkHours(india, at('2026-05-22T21:14:00+05:30')));
	expect(fields).toEqual({
		code: 'OUTSIDE_CALLING_HOURS',
		message:
			'It is Friday 21:14 in Asia/Kolkata, outside of the Calling Hours until Sat 09:00 (Asia/Kolkata)',
		description: expect.stringContaining('next_allowed_at'),
		status: null,
		source: 'n8n',
		outcome: 'not_placed',
		attempts: 0,
		next_allowed_at: '2026-05-23T09:00:00+05:30',
	});
});

it('hours that were not added keep nobody from being phoned', () => {
	expect(() => checkHours(undefined, 0)).not.toThrow();
});

describe('The option', () => {
	const fields = (options: Record<string, unknown>, workflowTimezone: string) => {
		const reader = new FieldReader(
			(path, absent, { rawExpressions = false } = {}) =>
				path in options ? (options[path] ?? (rawExpressions ? 'raw' : null)) : absent,
			'',
		);
		return Object.assign(reader, { workflowTimezone });
	};
	const read = (callingHours: unknown, toNumber = '+919876543210', timezone = 'Europe/Berlin') =>
		callingHoursOf(fields({ 'options.callingHours': callingHours }, timezone), toNumber);
	const refusal = (...given: Parameters<typeof read>) => {
		const { code, message } = failureFrom(() => read(...given)).fields;
		return `${code}: ${message}`;
	};

	it('the option Calling Hours has hours on every day by the clock of the person called', () => {
		const hours = { ...india, timezone: 'Asia/Kolkata' };
		expect(read({ hours: {} })).toEqual(hours);
		expect(read({ hours: { from: '9:00', to: ' 21:00 ' } })).toEqual(hours);
		const late = { ...hours, from: minutes('20:30'), to: minutes('24:00') };
		expect(read({ hours: { from: '20:30', to: '24:00' } })).toEqual(late);
		expect(read({ hours: { from: '23:59' } })?.from).toBe(minutes('23:59'));
	});

	it.each([
		['09:00', '9:00'],
		['09:00:00', '9:00'],
		['9:00', '9:00'],
		['9.00', '9:00'],
		['9', '9:00'],
		[9, '9:00'],
		['09', '9:00'],
		['9 am', '9:00'],
		['9:00 AM', '9:00'],
		['9:00:00 a.m.', '9:00'],
		['9:30', '9:30'],
		['9.30', '9:30'],
		['12 am', '0:00'],
		['12:30 am', '0:30'],
		['12 pm', '12:00'],
		['9pm', '21:00'],
		['9:00 PM', '21:00'],
		['21.00', '21:00'],
		['00:00', '0:00'],
	])('the option Calling Hours takes %o for %s', (given, time) => {
		const [hour = '', minute = ''] = time.split(':');
		const found = Number(hour) * 60 + Number(minute);
		expect(read({ hours: { from: given, to: '23:00' } })?.from).toBe(found);
		expect(read({ hours: { from: '23:00', to: given } })?.to).toBe(found);
	});

	it('the option Calling Hours phones nobody in the seconds before From, or after To', () => {
		const given = { from: '09:00:01', to: '20:59:59' };
		expect(read({ hours: given })).toMatchObject({
			from: minutes('09:01'),
			to: minutes('20:59'),
		});
		expect(read({ hours: { to: '24' } })?.to).toBe(minutes('24:00'));
	});

	it('the option Calling Hours is undefined when it was not added', () => {
		expect(callingHoursOf(fields({}, 'DEFAULT'), '+919876543210')).toBeUndefined();
	});

	it.each([
		['India', '+919876543210', /Asia\/(Kolkata|Calcutta)/],
		['Germany, whose timezones agree', '+4915123456789', /Europe\/Berlin/],
		['Argentina, whose timezones agree', '+541145678901', /America\//],
		['Malaysia, whose timezones agree', '+60123456789', /Asia\//],
		['Great Britain', '+447400123456', /Europe\/London/],
	])('the option Calling Hours knows the timezone of %s', (_, number, timezone) => {
		expect(read({ hours: { zone: 'number' } }, number)?.timezone).toMatch(timezone);
	});

	it.each([
		['the United States', '+12015550123'],
		['Spain with the Canaries', '+34612345678'],
		['China with Xinjiang', '+8613123456789'],
		['a satellite phone', '+870773111632'],
	])('the option Calling Hours asks for the timezone where the number is of %s', (_, number) => {
		const failure = failureFrom(() => read({ hours: { zone: 'number' } }, number));
		expect(failure.fields).toMatchObject({
			code: 'INVALID_INPUT',
			message: expect.stringMatching(/^Calling Hours cannot use the country of To Number/),
			description: 'Choose Fixed under Timezone, and enter the name under Fixed Timezone',
		});
	});

	it('the option Calling Hours takes a fixed timezone', () => {
		const given = {
			from: '20:00',
			to: '02:00',
			days: ['5', 6],
			zone: 'fixed',
			timezone: 'Asia/Dubai ',
		};
		expect(read({ hours: given })).toEqual({
			from: minutes('20:00'),
			to: minutes('02:00'),
			days: [5, 6],
			timezone: 'Asia/Dubai',
		});
	});

	it.each([
		[{ from: null }, 'needs a time like 09:00 under From'],
		[{ from: '' }, 'needs a time like 09:00 under From'],
		[{ to: '25:00' }, 'needs a time like 09:00 under To, not “25:00”'],
		[{ to: 25 }, 'needs a time like 09:00 under To, not “25”'],
		[{ from: '24:00' }, 'needs a time like 09:00 under From, not “24:00”'],
		[{ from: '09:60' }, 'needs a time like 09:00 under From, not “09:60”'],
		[{ from: '09:5' }, 'needs a time like 09:00 under From, not “09:5”'],
		[{ from: '13 pm' }, 'needs a time like 09:00 under From, not “13 pm”'],
		[{ from: '0 am' }, 'needs a time like 09:00 under From, not “0 am”'],
		[{ from: 0.375 }, 'needs a time like 09:00 under From, not “0.375”'],
		[{ from: -9 }, 'needs a time like 09:00 under From, not “-9”'],
		[{ to: 'constructor' }, 'needs a time like 09:00 under To, not “constructor”'],
		[{ to: 'x'.repeat(99) }, `needs a time like 09:00 under To, not “${'x'.repeat(40)}”`],
		[{ from: '09:00', to: '09:00' }, 'has the same time under From and To'],
		[{ days: [] }, 'needs at least one day under Days'],
		[{ days: [0] }, 'needs at least one day under Days'],
		[{ days: ['Monday'] }, 'needs at least one day under Days'],
		[{ days: 1.5 }, 'needs at least one day under Days'],
		[{ zone: 'mine' }, 'must be number, workflow or fixed under Timezone'],
		[{ zone: 'fixed' }, 'needs a name under Fixed Timezone'],
		[{ zone: 'fixed', timezone: 'Mumbai' }, 'has an unknown Fixed Timezone "Mumbai"'],
	])('the option Calling Hours refuses %j', (hours, why) => {
		expect(refusal({ hours })).toContain(`INVALID_INPUT: Calling Hours ${why}`);
	});

	it.each([{}, null, '', { hours: null }])(
		'the option Calling Hours refuses to be empty, which would switch it off (%j)',
		(given) => {
			expect(refusal(given)).toMatch(/^INVALID_INPUT: Calling Hours /);
		},
	);

	it.each([{}, { hours: undefined }])(
		'the option Calling Hours refuses %j, which leaves no hours',
		(given) => {
			expect(refusal(given)).toBe('INVALID_INPUT: Calling Hours has no hours');
		},
	);

	it('the option Calling Hours refuses a timezone of the workflow that nobody knows', () => {
		expect(refusal({ hours: { zone: 'workflow' } }, undefined, 'DEFAULT')).toBe(
			`INVALID_INPUT: Calling Hours cannot use the workflow's timezone "DEFAULT", which is not known`,
		);
	});
});
