import { expect, it } from 'vitest';

import type { CallingHours } from '../../../../nodes/Twenty2/operations/create/callingHours';
import {
	isDryRun,
	preview,
	summary,
	type Circumstances,
} from '../../../../nodes/Twenty2/operations/create/dryRun';
import { PlannedCalls } from '../../../../nodes/Twenty2/operations/create/plannedCalls';
import { readerOf } from '../fields/reader';

const call = {
	assistantId: 'asst_1',
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
	inputParameters: { customerName: 'Asha' },
	additionalFields: {},
};

const sent = {
	to_number: '+919876543210',
	to_country: 'IN',
	from_number: '+917971441943',
	assistant_id: 'asst_1',
	input_parameters: { customerName: 'Asha' },
	dry_run: true,
};

const NOON = Date.parse('2026-05-22T12:00:00+05:30');
const NIGHT = Date.parse('2026-05-22T22:00:00+05:30');

const hours = (from: number, to: number): CallingHours => ({
	from: from * 60,
	to: to * 60,
	days: [1, 2, 3, 4, 5, 6, 7],
	timezone: 'Asia/Kolkata',
});

const inRun = (plannedCalls: PlannedCalls, changed: Partial<Circumstances> = {}) => ({
	...{ item: 0, plannedCalls },
	...changed,
});

const shown = (changed: Partial<Circumstances>, now: number) =>
	preview(call, inRun(new PlannedCalls(), changed), now);

it('a dry run shows what would be sent, and that the call would ring', () => {
	const json = shown({}, NOON);
	expect(json).toEqual({ result: 'would ring now', ...sent, rings_now: true });
	expect(Object.keys(json).slice(0, 3)).toEqual(['result', 'to_number', 'to_country']);
});

it('a dry run shows when the call would ring that Twenty2 keeps until nine', () => {
	expect(shown({}, NIGHT)).toEqual({
		result: 'would ring at 9:00 India time',
		...sent,
		rings_now: false,
		rings_at: '2026-05-23T09:00:00+05:30',
	});
});

it('a dry run shows that the wait for a call would end before it rings', () => {
	expect(shown({ maxWaitMs: 30 * 60_000 }, NIGHT)).toMatchObject({
		result: 'would ring at 9:00 India time, after Max Wait',
	});
	expect(shown({ maxWaitMs: 12 * 3_600_000 }, NIGHT)).toMatchObject({
		result: 'would ring at 9:00 India time',
	});
});

it('a dry run shows that the calling hours would let it through, and by whose clock', () => {
	expect(shown({ hours: hours(9, 18) }, NOON)).toEqual({
		result: 'would ring now',
		...sent,
		rings_now: true,
		timezone: 'Asia/Kolkata',
		outside_calling_hours: false,
	});
});

it.each([
	[hours(14, 18), NOON, '2026-05-22T14:00:00+05:30', 'Fri 14:00'],
	[hours(9, 18), NIGHT, '2026-05-23T09:00:00+05:30', 'Sat 09:00'],
])(
	'a dry run shows when the calling hours would let it through next, and by whose clock',
	(given, now, next, inWords) => {
		expect(shown({ hours: given }, now)).toEqual({
			result: `OUTSIDE_CALLING_HOURS: until ${inWords} (Asia/Kolkata)`,
			...sent,
			rings_now: false,
			timezone: 'Asia/Kolkata',
			outside_calling_hours: true,
			next_allowed_at: next,
		});
	},
);

it('a dry run shows the earlier item that has the same key, unless that one is outside of its hours', () => {
	const calls = new PlannedCalls();
	const each = (item: number, more: Partial<Circumstances> = {}) =>
		preview(call, inRun(calls, { item, key: 'asha', ...more }), NOON);
	each(0, { hours: hours(14, 18) });
	expect(each(1)).toMatchObject({ result: 'would ring now' });
	expect(each(2)).toMatchObject({
		result: 'DUPLICATE_CALL: has the key of item 1',
		same_key_as_item: 1,
		rings_now: false,
	});
});

it('a dry run shows which calls would be too many for one execution', () => {
	const calls = new PlannedCalls();
	const each = (item: number, key: string) =>
		preview(call, inRun(calls, { item, key, mostCalls: 2 }), NOON).result;
	expect([each(0, 'a'), each(1, 'a'), each(2, 'b'), each(3, 'c')]).toEqual([
		'would ring now',
		'DUPLICATE_CALL: has the key of item 0',
		'would ring now',
		'CALL_LIMIT_REACHED: after 2 calls',
	]);
});

it('a dry run shows no country for a number that does not tell it', () => {
	const json = preview({ ...call, toNumber: '+88213123456' }, inRun(new PlannedCalls()), NOON);
	expect(json).toMatchObject({ to_country: null });
});

it('a dry run shows additional fields', () => {
	const changed = { ...call, additionalFields: { priority: 1 } };
	expect(preview(changed, inRun(new PlannedCalls()), NOON)).toMatchObject({
		additional_body_fields: { priority: 1 },
	});
});

it('a dry run sums up who would be phoned now, who later, and who not and why', () => {
	const next = { iso: '2026-05-25T10:00:00+05:30', inWords: 'Mon 10:00 (Asia/Kolkata)' };
	const result = '';
	const outside = { is: 'outside hours', result, next } as const;
	const later = { is: 'rings later', result, at: '2026-05-23T09:00:00+05:30' } as const;
	expect(
		summary(
			[
				{ is: 'rings now', result },
				...[later, later],
				...[outside, outside, outside, outside],
				{ is: 'same key', result, item: 0 },
				{ is: 'beyond limit', result },
			],
			2,
		),
	).toBe(
		'1 item would be phoned now; 2 items would be phoned at 9:00 India time; 4 items would be refused now: outside Calling Hours until Mon 10:00 (Asia/Kolkata); 1 item has the key of item 0; 1 item would be beyond Max Calls per Execution; 2 items cannot be called: see the column result',
	);
});

it('the option Dry Run must be true or false', () => {
	expect(isDryRun(readerOf({}))).toBe(false);
	expect(isDryRun(readerOf({}, { dryRun: true }))).toBe(true);
	expect(() => isDryRun(readerOf({}, { dryRun: 'yes' }))).toThrow('Dry Run must be true or false');
});
