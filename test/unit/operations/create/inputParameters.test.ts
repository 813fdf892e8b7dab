import { expect, it } from 'vitest';

import { inputParametersOf } from '../../../../nodes/Twenty2/operations/create/inputParameters';
import { whereToLook } from '../../../../nodes/Twenty2/operations/fields/parameters';
import { failureFrom } from '../../api/failureFrom';
import { readerOf } from '../fields/reader';

const inFields = (...parameter: unknown[]) =>
	inputParametersOf(readerOf({ specifyInputParameters: 'fields', inputParameters: { parameter } }));

const inJson = (inputParametersJson: unknown) =>
	inputParametersOf(readerOf({ specifyInputParameters: 'json', inputParametersJson }));

it('input parameters in fields have their names and values', () => {
	expect(inFields({ name: ' customerName ', value: 'Asha' }, { name: 'age', value: 30 })).toEqual({
		customerName: 'Asha',
		age: 30,
	});
});

it('input parameters in fields may be none', () => {
	expect(inFields()).toEqual({});
	const none = readerOf({ specifyInputParameters: 'fields', inputParameters: {} });
	expect(inputParametersOf(none)).toEqual({});
});

it.each<[object[], string]>([
	[[{ name: ' ', value: 'x' }], 'Input Parameters has a parameter without a name'],
	[[{ value: 'x' }], 'Input Parameters has a parameter without a name'],
	[
		[
			{ name: 'a', value: '1' },
			{ name: ' a', value: '2' },
		],
		'Input Parameters has the parameter "a" twice',
	],
	[
		[{ name: 'a', value: '1' }, { name: 'nick' }],
		'Input Parameters has no value for the parameter "nick"',
	],
	[[{ name: '__proto__', value: 'x' }], 'Input Parameters must not contain the name __proto__'],
])('input parameters in fields are refused as %j', (parameters, message) => {
	expect(failureFrom(() => inFields(...parameters)).fields).toMatchObject({
		code: 'INVALID_INPUT',
		message,
		description: whereToLook,
	});
});

it('input parameters in fields may have a value of null', () => {
	expect(inFields({ name: 'nick', value: null })).toEqual({ nick: null });
});

it('input parameters in JSON are what the text or the expression says', () => {
	expect(inJson('{"customerName": "Asha"}')).toEqual({ customerName: 'Asha' });
	expect(inJson({ customerName: 'Asha' })).toEqual({ customerName: 'Asha' });
	expect(inJson('')).toEqual({});
});

it('input parameters in JSON do not come with what the fields hold', () => {
	const both = {
		inputParameters: { parameter: [{ name: 'a', value: '1' }] },
		inputParametersJson: '{"b": 2}',
	};
	const read = (specifyInputParameters: unknown) =>
		inputParametersOf(readerOf({ ...both, specifyInputParameters }));
	expect(read('json')).toEqual({ b: 2 });
	expect(read('fields')).toEqual({ a: '1' });
	expect(() => read('both')).toThrow('Specify Input Parameters is not known');
});

it('input parameters in JSON are refused by their name where they are no object', () => {
	expect(() => inJson('[1]')).toThrow('Input Parameters (JSON) must be a JSON object');
});

const ofModel = (fields: Record<string, unknown>) => inputParametersOf(readerOf(fields, {}, true));

it('input parameters of a model leave out what it sends for nothing', () => {
	const parameter = [
		...[null, undefined, '', 'null'].map((value, n) => ({ name: `nothing${n}`, value })),
		{ name: 'customerName', value: 'Asha' },
		{ name: 'allergies', value: 'None' },
	];
	expect(ofModel({ specifyInputParameters: 'fields', inputParameters: { parameter } })).toEqual({
		customerName: 'Asha',
		allergies: 'None',
	});
});

it.each([null, '', 'null'])(
	'input parameters of a model in JSON may be %j',
	(inputParametersJson) => {
		expect(ofModel({ specifyInputParameters: 'json', inputParametersJson })).toEqual({});
	},
);
