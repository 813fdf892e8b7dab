import { expect, it } from 'vitest';

import { reasonsIn } from '../../../nodes/Twenty2/api/refusal';

it.each<[unknown[] | Record<string, unknown>, string]>([
	[{ to_number: ['must be E.164'] }, 'To Number: must be E.164'],
	[
		{ callee_phone: ['too short', 'no digits'], agent_id: 'is archived' },
		'To Number: too short, no digits; Assistant ID: is archived',
	],
	[{ 'input_parameters.age': ['must be a number'] }, 'input_parameters.age: must be a number'],
	[{ from_number: { message: 'is not yours' } }, 'From Number: is not yours'],
	[{ from_number: { rule: 7 } }, 'From Number: {"rule":7}'],
	[{ from_number: null, toString: true }, 'From Number: null; toString: true'],
	[
		[{ field: 'to_number', reason: 'no' }, 'input_parameters is too long'],
		'To Number: no; input_parameters is too long',
	],
	[[{ path: 'x', message: 'bad\n  thing' }], 'x: bad thing'],
])('reasonsIn names fields and reasons of %j', (errors, line) => {
	expect(reasonsIn(errors)).toBe(line);
});

it.each([[{}], [[]]])('reasonsIn finds none in %j', (errors) => {
	expect(reasonsIn(errors)).toBeUndefined();
});

it('reasonsIn gives at most 500 characters', () => {
	const line = reasonsIn({ to_number: 'x'.repeat(1_000_000) }) ?? '';
	expect(line).toHaveLength(500);
	expect(line).toMatch(/x…$/);
	const most = 'x'.repeat(500 - 'To Number: '.length);
	expect(reasonsIn({ to_number: most })).toBe(`To Number: ${most}`);
});
