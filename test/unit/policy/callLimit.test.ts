import { describe, expect, it } from 'vitest';

import { CallLimit } from '../../../nodes/Twenty2/policy/callLimit';
import { Ledger, type Entry } from '../../../nodes/Twenty2/policy/ledger';
import { settle, useFakeTime, watch } from './fakeTime';

const placed = { is: 'placed', answer: { call_id: 'call_1' } } as const;

const newLedger = () => new Ledger({}, { index: 0, isTool: false });

const { signal } = new AbortController();

/** Asks for admission of a call. */
const ask = (ledger: Ledger, entry: Entry, most: number, stopped = signal) =>
	watch(ledger.callLimit.admit(entry, most, ledger, stopped));

describe('The limit of calls of an execution', () => {
	useFakeTime();

	it('admits no more calls at once than may be placed, and further ones when some were not', async () => {
		const ledger = newLedger();
		const entries = [0, 1, 2, 3].map((item) => ledger.entry(item, '+91'));
		const asked = entries.map((entry) => ask(ledger, entry, 2));
		await settle();
		expect(asked.map(({ value }) => typeof value)).toEqual([
			'function',
			'function',
			'undefined',
			'undefined',
		]);
		expect(asked[2]?.value).toBeUndefined();
		if (entries[0]) entries[0].state = { is: 'not placed' };
		if (entries[1]) entries[1].state = placed;
		asked[0]?.value?.();
		await settle();
		expect(typeof asked[2]?.value).toBe('function');
		asked[1]?.value?.();
		if (entries[2]) entries[2].state = placed;
		asked[2]?.value?.();
		await settle();
		expect(asked[3]).toEqual({ value: undefined, at: expect.any(Number) });
	});

	it.each<Entry['state']>([{ is: 'sent' }, { is: 'unknown', why: {} }, placed])(
		'counts a call of an earlier run that is $is',
		async (state) => {
			const context = {};
			const earlier = new Ledger(context, { index: 0, isTool: false });
			earlier.entry(0, '+91').state = state;
			const later = new Ledger(context, { index: 1, isTool: false });
			const asked = ask(later, later.entry(0, '+92'), 1);
			await settle();
			expect(asked).toEqual({ value: undefined, at: expect.any(Number) });
		},
	);

	it('does not count the call itself, which may be placed again where the user wants that', async () => {
		const ledger = newLedger();
		const entry = ledger.entry(0, '+91');
		entry.state = { is: 'unknown', why: {} };
		const asked = ask(ledger, entry, 1);
		await settle();
		expect(typeof asked.value).toBe('function');
	});

	it('is one for all runs of the execution, at the same time too', async () => {
		const context = {};
		const runs = [0, 1].map((index) => new Ledger(context, { index, isTool: false }));
		const asked = runs.map((run) => ask(run, run.entry(0, '+91'), 1));
		await settle();
		expect(asked.map(({ at }) => at !== undefined)).toEqual([true, false]);
	});

	it('ends the wait of a call when the run is stopped', async () => {
		const ledger = newLedger();
		const stop = new AbortController();
		ask(ledger, ledger.entry(0, '+91'), 1);
		const waiting = ask(ledger, ledger.entry(1, '+91'), 1, stop.signal);
		await settle();
		stop.abort(new Error('stopped'));
		await settle();
		expect(waiting.reason).toMatchObject({ message: 'stopped' });
	});

	it('tells at once in a long run that it is reached', async () => {
		const limit = new CallLimit();
		let counted = 0;
		const ledger = { countPlaced: () => ((counted += 1), 5) };
		const entry = newLedger().entry(0, '+91');
		for (let n = 0; n < 100; n++) await limit.admit(entry, 5, ledger, signal);
		expect(counted).toBe(1);
	});
});
