import { expect, it } from 'vitest';

import { Ledger, turnAt, type Entry } from '../../../nodes/Twenty2/policy/ledger';
import { settle, watch } from './fakeTime';

const ASHA = '+919876543210';
const RAVI = '+919876543211';

const open = (context: Record<string, unknown>, isTool = false) =>
	new Ledger(context, { index: 0, isTool });

const placed: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };
const unknown: Entry['state'] = { is: 'unknown', why: { code: 'OUTCOME_UNKNOWN' } };

it.each([false, true])(
	'the tally of a ledger tells placed calls from doubtful ones (of a tool: %s)',
	(isTool) => {
		const ledger = open({}, isTool);
		const states: Array<Entry['state']> = [placed, placed, placed, { is: 'sent' }, unknown];
		states.forEach((state, n) => Object.assign(ledger.entry(n, `${ASHA}${n}`), { state }));
		for (const item of [7, 8, 9]) ledger.entry(item, RAVI);
		expect(ledger.tally).toEqual({ placed: 3, doubtful: 2 });
	},
);

const damaged = () => ({ twenty2Runs: { 0: { [`0 ${ASHA}`]: null } } });

it('an entry that cannot be read is none of the entries of its item', () => {
	expect(open(damaged()).entriesOf(0)).toEqual([]);
});

it('a call of an agent is not taken for one of a node that is no tool', () => {
	const context = {};
	const ofTool = open(context, true).entry(0, ASHA);
	expect(open(context).entry(0, ASHA).id).not.toBe(ofTool.id);
});

it('two runs that place the call of one entry take turns', async () => {
	const entry = open({}).entry(0, ASHA);
	const other = open({}).entry(0, ASHA);
	const { signal } = new AbortController();
	const leave = await turnAt(entry, signal);
	const second = watch(turnAt(entry, signal));
	const apart = watch(turnAt(other, signal));
	await settle();
	expect([second.value, apart.value]).toEqual([undefined, expect.any(Function)]);
	leave();
	await settle();
	expect(second.value).toBeDefined();
});
