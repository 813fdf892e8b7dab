import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { Ledger, turnAt, type Entry } from '../../../nodes/Twenty2/policy/ledger';
import { settle, watch } from './fakeTime';

const ASHA = '+919876543210';
const RAVI = '+919876543211';

const open = (
	context: Record<string, unknown>,
	identity: string = randomUUID(),
	isTool = false,
	execution = '1',
) => new Ledger(context, { index: 0, identity, execution, isTool });

const placed: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };
const unknown: Entry['state'] = { is: 'unknown', why: { code: 'OUTCOME_UNKNOWN' } };

describe('The tally of a ledger', () => {
	it.each([false, true])('tells placed calls from doubtful ones (of a tool: %s)', (isTool) => {
		const ledger = open({}, undefined, isTool);
		const states: Array<Entry['state']> = [placed, placed, placed, { is: 'sent' }, unknown];
		states.forEach((state, item) => Object.assign(ledger.entry(item, ASHA), { state }));
		for (const item of [7, 8, 9]) ledger.entry(item, RAVI);
		expect(ledger.tally).toEqual({ placed: 3, doubtful: 2 });
	});
});

describe('An entry that cannot be read', () => {
	const damaged = () => ({ twenty2Runs: { 0: { [`0 ${ASHA}`]: null } } });

	it('is none of the entries of its item', () => {
		expect(open(damaged()).entriesOf(0)).toEqual([]);
	});

	it('does not keep a run from failing', () => {
		const ledger = open(damaged());
		expect(() => ledger.failed()).not.toThrow();
	});

	it('gives way to one that another process has written', () => {
		const identity = randomUUID();
		open(damaged(), identity).remember();
		const written = { id: 'id', attempts: 1, state: placed };
		const ledger = open({ twenty2Runs: { 0: { [`0 ${ASHA}`]: written } } }, identity);
		expect(ledger.entry(0, ASHA)).toEqual(written);
	});
});

describe('An entry that this process and another one have', () => {
	const both = (attempts: number) => {
		const identity = randomUUID();
		const written = { id: 'id', attempts: 1, state: { is: 'sent' } };
		const context = { twenty2Runs: { 0: { [`0 ${ASHA}`]: { ...written } } } };
		const ledger = open(context, identity);
		const entry = ledger.entry(0, ASHA);
		ledger.remember();
		const theirs = { ...written, attempts, state: { is: 'not placed' } };
		return { entry, read: () => open({ twenty2Runs: { 0: { [`0 ${ASHA}`]: theirs } } }, identity) };
	};

	it('is what the other one says after it has sent more', () => {
		const { entry, read } = both(2);
		read();
		expect(entry).toMatchObject({ attempts: 2, state: { is: 'not placed' } });
	});

	it('is what this one says otherwise', () => {
		const { entry, read } = both(1);
		entry.state = placed;
		read();
		expect(entry).toMatchObject({ attempts: 1, state: placed });
	});
});

describe('Of two entries of one item, of this process and of another one', () => {
	const key = `0 ${ASHA}`;

	it.each([
		[1, 2, 'theirs'],
		[2, 2, 'own'],
		[2, 1, 'own'],
	])('sent %i and %i times, the one stays that was sent more often', (own, theirs, stays) => {
		const identity = randomUUID();
		const entry = (id: string, attempts: number) => ({ id, attempts, state: { is: 'sent' } });
		open({ twenty2Runs: { 0: { [key]: entry('own', own) } } }, identity).remember();
		const read = open({ twenty2Runs: { 0: { [key]: entry('theirs', theirs) } } }, identity);
		expect(read.entry(0, ASHA).id).toBe(stays);
	});
});

it('A call of an agent is not taken for one of a node that is no tool', () => {
	const context = {};
	const ofTool = open(context, 'agent', true).entry(0, ASHA);
	expect(open(context, 'agent', false, '2').entry(0, ASHA).id).not.toBe(ofTool.id);
});

it('Two runs that place the call of one entry take turns', async () => {
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
