import { expect, it } from 'vitest';

import { maxCallsOf, withinMaxCalls } from '../../../../nodes/Twenty2/operations/create/maxCalls';
import { Ledger } from '../../../../nodes/Twenty2/policy/ledger';
import { readerOf } from '../fields/reader';

const { signal } = new AbortController();

it('Max Calls per Execution is no limit where it was not added, and a whole number from 1 up', () => {
	expect(maxCallsOf(readerOf({}))).toBeUndefined();
	expect(maxCallsOf(readerOf({}, { maxCalls: 3 }))).toBe(3);
	for (const maxCalls of [0, 1.5, '3']) {
		expect(() => maxCallsOf(readerOf({}, { maxCalls }))).toThrow(
			'Max Calls per Execution must be a whole number from 1 up',
		);
	}
});

it('A call beyond Max Calls per Execution is not placed, and says so', async () => {
	const ledger = new Ledger({}, { index: 0, isTool: false });
	ledger.entry(0, '+91').state = { is: 'placed', answer: {} };
	const entry = ledger.entry(1, '+91');
	await expect(withinMaxCalls(entry, 1, ledger, signal)).rejects.toMatchObject({
		fields: {
			code: 'CALL_LIMIT_REACHED',
			message: 'This execution has placed as many calls as Max Calls per Execution allows: 1',
			outcome: 'not_placed',
			source: 'n8n',
		},
	});
	await expect(withinMaxCalls(entry, undefined, ledger, signal)).resolves.toBeTypeOf('function');
});
