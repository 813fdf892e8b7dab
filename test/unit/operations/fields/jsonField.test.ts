import * as fc from 'fast-check';
import type { INodeProperties } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { jsonOrText, objectIn } from '../../../../nodes/Twenty2/operations/fields/jsonField';
import { alarming, failureFrom } from '../../api/failureFrom';
import { parsed } from '../parsed';

const field: INodeProperties = {
	displayName: 'Additional Body Fields',
	name: 'additionalBodyFields',
	type: 'json',
	default: '{}',
};

const refusal = (given: string | Record<string, unknown>) =>
	failureFrom(() => objectIn(field, given)).fields;

/** An object that has the name as a key of its own, as JSON gives it. */
const polluting: unknown = JSON.parse('{ "__proto__": { "admin": true } }');

it.each([
	['{}', {}],
	[' { "a": 1 }\n', { a: 1 }],
	['{ "a": { "b": [1, null, "__proto__"] } }', { a: { b: [1, null, '__proto__'] } }],
	['{ "constructor": 1 }', { constructor: 1 }],
	[{ a: 1 }, { a: 1 }],
	[{}, {}],
])('objectIn takes %o', (given, object) => {
	expect(objectIn(field, given)).toEqual(object);
});

it.each(['', '   ', '\n\t'])('objectIn takes the emptied field %o for no fields', (given) => {
	expect(objectIn(field, given)).toEqual({});
});

it.each(['{', '{ a: 1 }', "{ 'a': 1 }", '{ "a": 1, }', 'undefined', '{{ $json.name }}', 'NaN'])(
	'objectIn says of %o that it is not JSON',
	(given) => {
		expect(refusal(given)).toMatchObject({
			code: 'INVALID_INPUT',
			message: 'Additional Body Fields is not valid JSON',
			source: 'n8n',
		});
	},
);

it.each(['[]', '[{ "a": 1 }]', 'null', '1', 'true', '"text"'])(
	'objectIn says of %o that it is no object',
	(given) => {
		const { code, message, description } = refusal(given);
		expect(code).toBe('INVALID_INPUT');
		expect(message).toMatch(/^Additional Body Fields must be a JSON object/);
		expect(`${message} ${description}`).not.toMatch(alarming);
	},
);

it.each([
	'{ "__proto__": 1 }',
	'{ "__proto__": { "admin": true } }',
	'{ "a": { "b": { "__proto__": {} } } }',
	'{ "a": [1, [{ "__proto__": null }]] }',
	'{ "\\u005f_proto__": 1 }',
])('objectIn refuses %s', (given) => {
	expect(refusal(given)).toMatchObject({
		code: 'INVALID_INPUT',
		message: 'Additional Body Fields must not contain the name __proto__',
	});
});

it.each([
	['at the top', JSON.parse('{ "__proto__": { "admin": true } }')],
	['within', { a: polluting }],
	['in a list', { a: [[polluting]] }],
])('objectIn refuses an object with that name %s', (_, given: Record<string, unknown>) => {
	expect(refusal(given).message).toContain('__proto__');
});

it.each([
	['as text', (depth: number) => `{ "a": ${'['.repeat(depth)}${']'.repeat(depth)} }`],
	[
		'as an object',
		(depth: number) => {
			let a: unknown = 1;
			for (let i = 0; i < depth; i++) a = [a];
			return { a };
		},
	],
])('objectIn takes objects of 100 levels, and refuses deeper ones, %s', (_, nested) => {
	expect(objectIn(field, nested(99))).toHaveProperty('a');
	for (const depth of [100, 20_000]) {
		expect(refusal(nested(depth))).toMatchObject({
			code: 'INVALID_INPUT',
			message: 'Additional Body Fields must not be nested more than 100 levels deep',
		});
	}
});

it('objectIn gives back what was typed, for any object', () => {
	fc.assert(
		fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
			const text = JSON.stringify(object);
			if (text.includes('__proto__')) return;
			expect(objectIn(field, text)).toEqual(JSON.parse(text));
		}),
	);
});

it.each([['{'], [''], [{ a: 1 }], [{}]])('jsonOrText leaves %o to be read', (given) => {
	expect(parsed(jsonOrText, given)).toEqual({ value: given });
});

it.each([[undefined], [null], [7], [true], [[]], [[{ a: 1 }]]])(
	'jsonOrText refuses %o',
	(given) => {
		expect(parsed(jsonOrText, given)).toEqual({
			why: expect.stringContaining('must be a JSON object'),
		});
	},
);

it('jsonOrText does not let an object with the name __proto__ through unseen', () => {
	const result = parsed(jsonOrText, polluting);
	if ('why' in result) return;
	expect(refusal(result.value).message).toContain('__proto__');
});
