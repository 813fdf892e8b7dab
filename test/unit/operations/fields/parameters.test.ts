import type { INodeProperties } from 'n8n-workflow';
import { expect, it, vi } from 'vitest';

import {
	checked,
	FieldReader,
	whereToLook,
} from '../../../../nodes/Twenty2/operations/fields/parameters';
import { text } from '../../../../nodes/Twenty2/operations/fields/schemas';
import { failureFrom } from '../../api/failureFrom';
import { readerOf } from './reader';

const field: INodeProperties = {
	displayName: 'To Number',
	name: 'toNumber',
	type: 'string',
	default: 'the default',
};

const ADVICE = 'Look here';

const reading = (value: unknown) => {
	const get = vi.fn<(...asked: unknown[]) => unknown>(() => value);
	return { get, reader: new FieldReader(get, ADVICE) };
};

it('the reader of fields reads a field, and an option by its collection', () => {
	const { get, reader } = reading('given');
	expect(reader.read(field, text)).toBe('given');
	expect(reader.readOption(field, text)).toBe('given');
	expect(get.mock.calls).toEqual([
		['toNumber', null],
		['options.toNumber', 'the default'],
	]);
});

it.each([
	[undefined, 'INVALID_INPUT'],
	['INVALID_NUMBER', 'INVALID_NUMBER'],
] as const)('the reader of fields names a field that is wrong (%s)', (code, expected) => {
	const { reader } = reading(' ');
	expect(failureFrom(() => reader.read(field, text, code)).fields).toMatchObject({
		code: expected,
		message: 'To Number is empty',
		description: ADVICE,
	});
	expect(() => reader.readOption(field, text)).toThrow('To Number is empty');
});

it.each([[new Error('no such node')], ['no such node']])(
	'the reader of fields says which expression could not be worked out: %o',
	(reason) => {
		const reader = new FieldReader(() => {
			throw reason;
		}, ADVICE);
		expect(failureFrom(() => reader.read(field, text, 'INVALID_NUMBER')).fields).toMatchObject({
			code: 'INVALID_INPUT',
			message: 'The expression in To Number could not be worked out: no such node',
			description: ADVICE,
		});
	},
);

it('the reader of fields tells an option that was not added from one that is empty', () => {
	const { get, reader } = reading(null);
	expect(reader.readAddedOption(field, text)).toBeUndefined();
	expect(get.mock.calls).toEqual([['options.toNumber', null, { rawExpressions: true }]]);
	expect(() => reading('').reader.readAddedOption(field, text)).toThrow('To Number is empty');
	const added = reading('given');
	expect(added.reader.readAddedOption(field, text)).toBe('given');
	expect(added.get.mock.calls.at(-1)).toEqual(['options.toNumber', null]);
});

it.each([
	['is off while it was not added', undefined, false],
	['is on once it was added', true, true],
	['is off once it was switched off', false, false],
])('the reader of fields reads of a switch among the options that it %s', (_, value, isOn) => {
	const reader = readerOf({}, value === undefined ? {} : { toNumber: value });
	expect(reader.isSwitchedOn({ ...field, type: 'boolean', default: true })).toBe(isOn);
});

it.each(['yes', null])(
	'the reader of fields refuses a switch among the options that is %j',
	(value) => {
		const { reader } = reading(value);
		expect(() => reader.isSwitchedOn(field)).toThrow('To Number must be true or false');
	},
);

it.each([
	['={{ $json.phone }}', true],
	['+91=', false],
	['', false],
	[null, false],
	[['='], false],
])('the reader of fields knows whether %j is an expression: %s', (raw, is) => {
	const { get, reader } = reading(raw);
	expect(reader.isExpression(field)).toBe(is);
	expect(get).toHaveBeenCalledWith('toNumber', null, { rawExpressions: true });
});

it('checked gives what the schema makes of a value', () => {
	expect(checked(field, ' given ', text)).toBe('given');
});

it('checked says where to look', () => {
	expect(failureFrom(() => checked(field, '', text)).fields).toMatchObject({
		code: 'INVALID_INPUT',
		message: 'To Number is empty',
		description: whereToLook,
	});
});

const nothing = [null, '', ' ', 'null', undefined];

it.each(nothing)('an option is not given where a model sends %j', (value) => {
	const reader = readerOf({ toNumber: value }, { toNumber: value }, true);
	expect(reader.readOption(field, text)).toBe('the default');
	expect(reader.readAddedOption(field, text)).toBeUndefined();
	expect(reader.readOptional(field, text)).toBeUndefined();
});

it.each(nothing)(
	'a switch is refused where a model sends %j, as a Dry Run would phone people',
	(value) => {
		const reader = readerOf({}, { toNumber: value }, true);
		expect(() => reader.isSwitchedOn(field)).toThrow('To Number must be true or false');
	},
);

it.each(['', ' '])('an option is refused where a workflow has %j', (value) => {
	const reader = readerOf({ toNumber: value }, { toNumber: value });
	const message = 'To Number is empty';
	expect(() => reader.readOption(field, text)).toThrow(message);
	expect(() => reader.readAddedOption(field, text)).toThrow(message);
	expect(() => reader.readOptional(field, text)).toThrow(message);
});

it('what a model sends is read where it says something', () => {
	const given = { toNumber: ' nullable ' };
	const reader = readerOf(given, given, true);
	expect(reader.readOption(field, text)).toBe('nullable');
	expect(reader.readAddedOption(field, text)).toBe('nullable');
	expect(reader.readOptional(field, text)).toBe('nullable');
});
