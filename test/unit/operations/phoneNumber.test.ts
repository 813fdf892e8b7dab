import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { phoneNumber } from '../../../nodes/Twenty2/operations/phoneNumber';
import { alarming } from '../api/failureFrom';
import { parsed } from './parsed';

describe('phoneNumber', () => {
	it.each([
		['+919876543210', '+919876543210'],
		['  +919876543210\n', '+919876543210'],
		['\u00a0+919876543210', '+919876543210'],
		['+1234567', '+1234567'],
		['+123456789012345', '+123456789012345'],
	])('takes %o', (given, number) => {
		expect(parsed(phoneNumber, given)).toEqual({ value: number });
	});

	it.each([
		'919876543210',
		919876543210,
		9876543210,
		0,
		'+91 98765 43210',
		'+91-9876543210',
		'+0919876543210',
		'++919876543210',
		'+123456',
		'+1234567890123456',
		'0091 9876543210',
		'tel:+919876543210',
		'+919876543210,',
		'+919876543210;ext=1',
		'+91987654321x',
		'＋919876543210',
		'+९१९८७६५४३२१०',
		'+919876543210\n+919876543211',
		'+',
	])('refuses %o and shows how a number looks', (given) => {
		const result = parsed(phoneNumber, given);
		expect(result).toEqual({ why: expect.stringContaining('+919876543210') });
		expect(JSON.stringify(result)).not.toMatch(alarming);
	});

	it.each(['', '   ', '\n', undefined, null])('says of %o that it is empty', (given) => {
		expect(parsed(phoneNumber, given)).toEqual({ why: 'is empty' });
	});

	it.each([[{}], [['+919876543210']], [true], [Number.NaN], [Number.POSITIVE_INFINITY]])(
		'refuses %o',
		(given) => {
			expect(parsed(phoneNumber, given)).toHaveProperty('why');
		},
	);

	it('never lets anything but a + and 7 to 15 digits through', () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					fc.stringMatching(/^\s?\+?\d{0,18}.?$/),
					fc.double(),
					fc.maxSafeNat(),
				),
				(given) => {
					const result = parsed(phoneNumber, given);
					if ('value' in result) expect(result.value).toMatch(/^\+[1-9][0-9]{6,14}$/);
				},
			),
		);
	});
});
