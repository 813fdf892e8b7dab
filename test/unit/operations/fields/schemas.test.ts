import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { identifier } from '../../../../nodes/Twenty2/operations/fields/schemas';
import { parsed } from '../parsed';

it.each([
	['asst_5d41402a', 'asst_5d41402a'],
	[' call_1\n', 'call_1'],
	['5d41402a-bc4b-4a76-b971-9d911017c592', '5d41402a-bc4b-4a76-b971-9d911017c592'],
	[42, '42'],
	[0, '0'],
	['a..b', 'a..b'],
	['.hidden', '.hidden'],
	['a:b@c+d=e&f', 'a:b@c+d=e&f'],
])('identifier takes %o', (given, id) => {
	expect(parsed(identifier, given)).toEqual({ value: id });
});

it.each([
	'a b',
	'a\tb',
	'a\nb',
	'a/b',
	'/a',
	'a/',
	'../calls',
	'a\\b',
	'a?b',
	'a#b',
	'%2e%2e',
	'100%',
	'https://app.twentytwo.in/assistants/asst_1',
])('identifier refuses %o', (given) => {
	const why = 'must not contain spaces or slashes';
	expect(parsed(identifier, given)).toEqual({ why });
});

it.each(['.', '..', '...', ' .. '])(
	'identifier refuses %o, which would lead elsewhere',
	(given) => {
		expect(parsed(identifier, given)).toEqual({ why: 'must not consist of dots' });
	},
);

it.each(['', '   ', undefined, null])('identifier says of %o that it is empty', (given) => {
	expect(parsed(identifier, given)).toEqual({ why: 'is empty' });
});

it.each([[{}], [{ call_id: 'call_1' }], [['call_1']], [true], [Number.NaN]])(
	'identifier refuses %o',
	(given) => {
		expect(parsed(identifier, given)).toHaveProperty('why');
	},
);

it('identifier is no longer than 200 characters', () => {
	const id = 'x'.repeat(200);
	expect(parsed(identifier, id)).toEqual({ value: id });
	const why = 'must not be longer than 200 characters';
	expect(parsed(identifier, `${id}x`)).toEqual({ why });
	expect(parsed(identifier, `x${' '.repeat(1_000_000)}x`)).toEqual({ why });
});

it('identifier is one piece of a path, whatever was given', () => {
	const given = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z./%?# ]*$/));
	fc.assert(
		fc.property(given, (text) => {
			const result = parsed(identifier, text);
			if (!('value' in result)) return;
			const { pathname, search, hash } = new URL(
				`https://api.twentytwo.in/v1/calls/${encodeURIComponent(result.value)}`,
			);
			expect(decodeURIComponent(pathname)).toBe(`/v1/calls/${text.trim()}`);
			expect(search + hash).toBe('');
		}),
	);
});
