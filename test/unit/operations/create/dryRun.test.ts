import { expect, it } from 'vitest';

import type { CallingHours } from '../../../../nodes/Twenty2/operations/create/callingHours';
import { isDryRun, preview } from '../../../../nodes/Twenty2/operations/create/dryRun';
import { readerOf } from '../fields/reader';

const call = {
	assistantId: 'asst_1',
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
	inputParameters: { customerName: 'Asha' },
	additionalFields: {},
};

const sent = {
	dry_run: true,
	to_number: '+919876543210',
	from_number: '+917971441943',
	assistant_id: 'asst_1',
	input_parameters: { customerName: 'Asha' },
};

const NOON = Date.parse('2026-05-22T12:00:00+05:30');
const NIGHT = Date.parse('2026-05-22T22:00:00+05:30');

const hours = (from: number, to: number): CallingHours => ({
	from: from * 60,
	to: to * 60,
	days: [1, 2, 3, 4, 5, 6, 7],
	timezone: 'Asia/Kolkata',
});

it('a dry run shows what would be sent, and that the call would ring', () => {
	expect(preview(call, undefined, NOON)).toEqual({ ...sent, rings_now: true });
});

it('a dry run shows when the call would ring that Twenty2 keeps until nine', () => {
	expect(preview(call, undefined, NIGHT)).toEqual({
		...sent,
		rings_now: false,
		rings_at: '2026-05-23T09:00:00+05:30',
	});
});

it('a dry run shows that the calling hours would let it through, and by whose clock', () => {
	expect(preview(call, hours(9, 18), NOON)).toEqual({
		...sent,
		rings_now: true,
		timezone: 'Asia/Kolkata',
		outside_calling_hours: false,
	});
});

it.each([
	[hours(14, 18), NOON, '2026-05-22T14:00:00+05:30'],
	[hours(9, 18), NIGHT, '2026-05-23T09:00:00+05:30'],
])(
	'a dry run shows when the calling hours would let it through next, and by whose clock',
	(given, now, next) => {
		expect(preview(call, given, now)).toEqual({
			...sent,
			rings_now: false,
			timezone: 'Asia/Kolkata',
			outside_calling_hours: true,
			next_allowed_at: next,
		});
	},
);

it('a dry run shows additional fields', () => {
	expect(preview({ ...call, additionalFields: { priority: 1 } }, undefined, NOON)).toMatchObject({
		additional_body_fields: { priority: 1 },
	});
});

it('the option Dry Run must be true or false', () => {
	expect(isDryRun(readerOf({}))).toBe(false);
	expect(isDryRun(readerOf({}, { dryRun: true }))).toBe(true);
	expect(() => isDryRun(readerOf({}, { dryRun: 'yes' }))).toThrow('Dry Run must be true or false');
});
