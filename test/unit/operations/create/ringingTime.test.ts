import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ringLater, ringsAt } from '../../../../nodes/Twenty2/operations/create/ringingTime';

/** A time in India, which is 5:30 ahead of UTC. */
const india = (time: string) => Date.parse(`${time}+05:30`);

it.each([
	['at nine', '2026-05-22T09:00:00.000'],
	['at noon', '2026-05-22T12:00:00.000'],
	['a moment before nine in the evening', '2026-05-22T20:59:59.999'],
	['a moment after nine', '2026-05-22T09:00:00.001'],
])('a call rings at once %s', (_, time) => {
	expect(ringsAt(india(time))).toBe(india(time));
});

it.each([
	['a moment before nine', '2026-05-22T08:59:59.999', '2026-05-22T09:00:00.000'],
	['at nine in the evening', '2026-05-22T21:00:00.000', '2026-05-23T09:00:00.000'],
	['a moment before midnight', '2026-05-22T23:59:59.999', '2026-05-23T09:00:00.000'],
	['at midnight', '2026-05-23T00:00:00.000', '2026-05-23T09:00:00.000'],
	['at midnight in UTC', '2026-05-23T05:30:00.000', '2026-05-23T09:00:00.000'],
	['when the day ends in UTC', '2026-05-23T05:29:59.999', '2026-05-23T09:00:00.000'],
	['on the last evening of a month', '2026-04-30T22:00:00.000', '2026-05-01T09:00:00.000'],
	['on the last evening of a year', '2026-12-31T21:00:00.000', '2027-01-01T09:00:00.000'],
	['on the first morning of a year', '2027-01-01T00:00:00.000', '2027-01-01T09:00:00.000'],
	['before a leap day', '2028-02-28T21:30:00.000', '2028-02-29T09:00:00.000'],
])('a call that is placed %s rings at the next nine in the morning', (_, time, rings) => {
	expect(new Date(ringsAt(india(time))).toISOString()).toBe(new Date(india(rings)).toISOString());
});

describe('The calls that ring later', () => {
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ['Date'] });
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	const at = (time: string) => vi.setSystemTime(india(time));

	it('no calls ring later before a call is placed', () => {
		at('2026-05-22T23:00:00.000');
		expect(ringLater([])).toEqual({ calls: 0, at: 0 });
	});

	it('only calls that were placed after hours ring later', () => {
		at('2026-05-22T21:00:00.000');
		const placedAt = [india('2026-05-22T20:59:59.999'), Date.now(), Date.now()];
		expect(ringLater(placedAt)).toEqual({ calls: 2, at: india('2026-05-23T09:00:00.000') });
	});

	it('calls no longer ring later once they ring', () => {
		const placedAt = [india('2026-05-23T08:59:00.000')];
		at('2026-05-23T08:59:59.999');
		expect(ringLater(placedAt).calls).toBe(1);
		at('2026-05-23T09:00:00.000');
		expect(ringLater([...placedAt, Date.now()]).calls).toBe(0);
	});

	it('no calls ring later because the clock was put back', () => {
		at('2026-05-22T12:00:00.000');
		expect(ringLater([india('2026-05-22T12:00:00.500')]).calls).toBe(0);
	});
});
