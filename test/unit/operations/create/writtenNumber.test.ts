import { expect, it } from 'vitest';

import {
	given,
	spreadsheetCause,
	tidied,
	unwrapped,
	writtenNumber,
} from '../../../../nodes/Twenty2/operations/create/writtenNumber';
import { alarming } from '../../api/failureFrom';
import { parsed } from '../parsed';

it.each([
	['p:+919876543210', '+919876543210'],
	[' "p: +919876543210" ', '+919876543210'],
	['="9876543210"', '9876543210'],
	['’98765 43210', '98765 43210'],
	['Mobile no.: 98765 43210', '98765 43210'],
	['tel://9876543210', '9876543210'],
	['fax: 9876543210', 'fax: 9876543210'],
	["98765'43210", "98765'43210"],
])('a written number is taken out of what is around it: %o', (written, number) => {
	expect(unwrapped(written)).toBe(number);
	expect(parsed(writtenNumber, written)).toEqual({ value: number });
});

it.each([
	['98765 43210 (M);', '98765 43210'],
	['(+91) 98765 43210', '+91 98765 43210'],
	['＋९८७६५', '+98765'],
	['9876543210.00', '9876543210'],
	['98765\u00ad43210', '9876543210'],
])('a written number is tidied: %o', (written, number) => {
	expect(tidied(written)).toBe(number);
});

it.each([
	[['+919876543210'], { value: '+919876543210' }],
	[[null, 9876543210, ''], { value: '9876543210' }],
	[[], { why: 'is empty' }],
	[['', null], { why: 'is empty' }],
	[[{ phone: '+919876543210' }], { why: 'must be text' }],
	[
		['+919876543210', '+919876543211', '+919876543212'],
		{ why: 'is a list of 3, and takes one number: make an item of each (given: “…3212”)' },
	],
])('a written number may be a list of one: %j', (written, result) => {
	expect(parsed(writtenNumber, written)).toEqual(result);
});

it.each([
	['9.19877E+11', 'has lost digits in a spreadsheet'],
	['9,2e11', 'has lost digits in a spreadsheet'],
	['9E+11', 'has lost digits in a spreadsheet'],
	['#N/A', 'is what a spreadsheet shows in place of a value'],
	['#DIV/0!', 'is what a spreadsheet shows in place of a value'],
	['#####', 'is what a spreadsheet shows in place of a value'],
])('a number is known where a spreadsheet has made it: %s', (written, why) => {
	expect(spreadsheetCause(written)).toMatch(why);
	expect(spreadsheetCause(written)).not.toMatch(alarming);
});

it.each(['9876543210', '+919876543210', '#9876543210', '98765E', '1-800-FLOWERS'])(
	'a number is not taken for what a spreadsheet has made: %s',
	(written) => {
		expect(spreadsheetCause(written)).toBeUndefined();
	},
);

it.each([
	['9876543210', '…3210'],
	['98765\n43210', '…3210'],
	['12\t34', '12 34'],
	['123', '123'],
	['x'.repeat(1_000_000), `…${'x'.repeat(20)}`],
])('a written number is shown by its end: %o', (written, shown) => {
	expect(given(written)).toBe(`(given: “${shown}”)`);
});
