import { expect, it } from 'vitest';

import { apiKey } from '../../../../nodes/Twenty2/api/apiKey';
import { workspace } from '../../../../nodes/Twenty2/api/workspace';
import { callee, newCall } from '../../../../nodes/Twenty2/operations/create/newCall';
import { whereToLook } from '../../../../nodes/Twenty2/operations/fields/parameters';
import { failureFrom } from '../../api/failureFrom';
import { speakingNothing } from '../../api/speaking';
import { readerOf } from '../fields/reader';

const fields = {
	assistantId: { mode: 'list', value: 'asst_1' },
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
	specifyInputParameters: 'json',
	inputParametersJson: '{"customerName": "Asha"}',
};

const read = (changed: object = {}, options: Record<string, unknown> = {}, generation = apiKey) =>
	newCall(readerOf({ ...fields, ...changed }, options), generation.speak(speakingNothing));

it('the call of an item has what the fields say', () => {
	expect(read({}, { additionalBodyFields: '{"priority": 1}' })).toEqual({
		assistantId: 'asst_1',
		fromNumber: '+917971441943',
		toNumber: '+919876543210',
		inputParameters: { customerName: 'Asha' },
		additionalFields: { priority: 1 },
	});
	expect(read().additionalFields).toEqual({});
});

it('the call of an item takes both numbers as people of the country write them', () => {
	const written = { fromNumber: '079714 41943', toNumber: '098765 43210' };
	const numbers = { fromNumber: '+917971441943', toNumber: '+919876543210' };
	expect(read({ ...written, defaultCountry: 'India' })).toMatchObject(numbers);
});

it('the call of an item needs no country that can be read for numbers with a +, however they are written', () => {
	const numbers = { fromNumber: '+91 79714-41943', toNumber: 'p:+44 (0)7700 900123' };
	expect(read({ ...numbers, defaultCountry: 'Atlantis' })).toMatchObject({
		fromNumber: '+917971441943',
		toNumber: '+447700900123',
	});
});

it.each(['098765 43210', '0091 98765 43210', 9876543210])(
	'the call of an item names the country that cannot be read for a number without a +: %o',
	(toNumber) => {
		const failure = failureFrom(() => read({ toNumber, defaultCountry: 'Atlantis' }));
		expect(failure.fields).toMatchObject({
			code: 'INVALID_INPUT',
			message: 'Default Country must be a country, e.g. India or IN, not “Atlantis”',
			description: whereToLook,
		});
	},
);

it.each([
	[{ toNumber: '+919876543210 or +919876543211' }, 'INVALID_NUMBER', 'To Number may hold two'],
	[{ fromNumber: '' }, 'INVALID_NUMBER', 'From Number is empty'],
	[{ assistantId: 'asst 1' }, 'INVALID_INPUT', 'Assistant ID must not contain spaces'],
	[
		{ toNumber: '098765 43210', defaultCountry: 'XX' },
		'INVALID_INPUT',
		'Default Country must be a country',
	],
])('the call of an item is refused with %j', (changed, code, message) => {
	expect(failureFrom(() => read(changed)).fields).toMatchObject({
		code,
		message: expect.stringContaining(message),
		description: whereToLook,
	});
});

it('is refused with the advice to set Default Country where that would help', () => {
	const { fields: refused } = failureFrom(() => read({ toNumber: '098765 43210' }));
	expect(refused.description).toMatch(/^Set Default Country/);
});

it.each([
	['098765 43210', 'IN', { to_number: '+919876543210', to_country: 'IN' }],
	['+14155550123', '', { to_number: '+14155550123', to_country: 'US' }],
	['12345', '', { to_number: '12345', to_country: null }],
	[12345, 'IN', { to_number: '12345', to_country: null }],
	['', '', { to_number: '', to_country: null }],
	[null, '', { to_number: '', to_country: null }],
])('tells whom it calls, also where that cannot be called: %o', (toNumber, country, whom) => {
	const reader = readerOf({ ...fields, toNumber, defaultCountry: country });
	expect(callee(reader, apiKey.speak(speakingNothing))).toEqual(whom);
});

it.each(['fromNumber', 'toNumber'])(
	'the call of an item has Indian numbers only on the workspace API: %s',
	(name) => {
		const abroad = { [name]: '+14155550123' };
		expect(read(abroad)).toMatchObject(abroad);
		const label = name === 'toNumber' ? 'To Number' : 'From Number';
		expect(failureFrom(() => read(abroad, {}, workspace)).fields).toMatchObject({
			code: 'INVALID_NUMBER',
			message: `${label} is not an Indian number: the workspace API takes +91 and ten digits only`,
			description: whereToLook,
		});
	},
);

it.each([
	[apiKey, 'to_number', 'callee_phone'],
	[workspace, 'callee_phone', 'to_number'],
])(
	'the call of an item does not let additional fields replace its own',
	(generation, own, theirs) => {
		const withField = (name: string) =>
			read({}, { additionalBodyFields: { [name]: '+14155550123' } }, generation);
		expect(() => withField(own)).toThrow(
			'Additional Body Fields must not repeat a field that this node has already',
		);
		expect(withField(theirs).additionalFields).toEqual({ [theirs]: '+14155550123' });
	},
);
