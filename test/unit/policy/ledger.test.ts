import { describe, expect, it } from 'vitest';

import { Ledger, type Entry } from '../../../nodes/Twenty2/policy/ledger';

const ASHA = '+919876543210';
const RAVI = '+919876543211';

type Context = Record<string, unknown>;

/** What n8n's database gives back. */
const stored = (context: Context): Context => structuredClone(JSON.parse(JSON.stringify(context)));

const open = (context: Context, runIndex = 0) =>
	new Ledger(context, { index: runIndex, isTool: false });

const states: Array<Entry['state']> = [
	{ is: 'unsent' },
	{ is: 'sent' },
	{ is: 'placed', answer: { call_id: 'call_1', nested: { is: [1, null, 'two'] } } },
	{ is: 'not placed' },
	{ is: 'unknown', why: { code: 'OUTCOME_UNKNOWN', status: null } },
];

it('gives an item an entry that was never sent', () => {
	const { id, attempts, state } = open({}).entry(0, ASHA);
	expect(id).not.toBe('');
	expect([attempts, state]).toEqual([0, { is: 'unsent' }]);
});

it('gives the same entry to the same item and number', () => {
	const ledger = open({});
	expect(ledger.entry(0, ASHA)).toBe(ledger.entry(0, ASHA));
});

it('tells apart other items and other numbers, by id too', () => {
	const ledger = open({});
	const entries = [
		ledger.entry(0, ASHA),
		ledger.entry(1, ASHA),
		ledger.entry(0, RAVI),
		ledger.entry(1, RAVI),
	];
	expect(new Set(entries).size).toBe(4);
	expect(new Set(entries.map(({ id }) => id)).size).toBe(4);
});

describe.each([
	['at once', (context: Context) => context],
	['from the database', stored],
])('run again %s', (_, between) => {
	it.each(states)('still knows in the next run that a call is %o', (state) => {
		const context = {};
		const before = Object.assign(open(context).entry(4, ASHA), { attempts: 3, state });
		expect(open(between(context)).entry(4, ASHA)).toEqual(before);
	});

	it('still knows an entry after any number of runs', () => {
		let context: Context = {};
		const ids = new Set<string>();
		for (let i = 0; i < 5; i++) {
			ids.add(open(context).entry(0, ASHA).id);
			context = between(context);
		}
		expect(ids.size).toBe(1);
	});

	it('takes another number for the same item as another call', () => {
		const context = {};
		const before = open(context).entry(0, ASHA);
		before.state = { is: 'placed', answer: {} };
		const after = open(between(context)).entry(0, RAVI);
		expect(after.state).toEqual({ is: 'unsent' });
		expect(after.id).not.toBe(before.id);
	});

	it('tells the passes of a loop apart, and knows each of them again', () => {
		let context: Context = {};
		const passes = [0, 1, 10, 11];
		const ids = passes.map((runIndex) => {
			const { id } = open(context, runIndex).entry(0, ASHA);
			context = between(context);
			return id;
		});
		expect(new Set(ids).size).toBe(passes.length);
		const again = passes.map((runIndex) => open(context, runIndex).entry(0, ASHA).id);
		expect(again).toEqual(ids);
	});
});

it('keeps two runs under way at once apart', () => {
	const context = {};
	const [first, second] = [open(context, 0), open(context, 1)];
	const early = first.entry(0, ASHA);
	const late = second.entry(0, ASHA);
	expect(late.id).not.toBe(early.id);
	early.state = { is: 'placed', answer: { call_id: 'call_1' } };
	expect(late.state).toEqual({ is: 'unsent' });

	const after = stored(context);
	expect(open(after, 0).entry(0, ASHA)).toEqual(early);
	expect(open(after, 1).entry(0, ASHA)).toEqual(late);
});

it('leaves what else the context holds', () => {
	const context: Context = { noted: { by: 'another version' } };
	open(context).entry(0, ASHA);
	expect(context.noted).toEqual({ by: 'another version' });
});

const entry = { id: 'id', attempts: 1, state: { is: 'not placed' } };
const key = `0 ${ASHA}`;
it.each<[string, unknown]>([
	['null', null],
	['text', 'runs'],
	['a list', [{ [key]: entry }]],
	['a run that is nothing', { 0: null }],
	['a run that is a list', { 0: [entry] }],
	['another run damaged', { 0: { [key]: entry }, 1: 'x' }],
])('begins anew where it finds %s', (_, damaged) => {
	const context: Context = { twenty2Runs: damaged };
	const made = open(context).entry(0, ASHA);
	expect(made.state).toEqual({ is: 'unsent' });
	expect(made.id).not.toBe('id');
	expect(open(stored(context)).entry(0, ASHA)).toEqual(made);
});

it.each<[string, unknown]>([
	['an entry that is nothing', null],
	['an entry without an id', { ...entry, id: undefined }],
	['an entry without a state', { ...entry, state: undefined }],
	['a state unheard of', { ...entry, state: { is: 'lost' } }],
	['a call placed without its answer', { ...entry, state: { is: 'placed' } }],
	['attempts as text', { ...entry, attempts: '1' }],
])('takes %s for a call that may have been placed', (_, damaged) => {
	const context: Context = { twenty2Runs: { 0: { [key]: damaged } } };
	const made = open(context).entry(0, ASHA);
	expect(made.state).toEqual({ is: 'sent' });
	expect(open(stored(context)).entry(0, ASHA)).toEqual(made);
});

it('takes no more work for an item among many than among few', () => {
	const workFor = (items: number) => {
		let work = 0;
		const counted = new Proxy<Record<string, unknown>>(
			{},
			{
				get: (target, name) => {
					work++;
					return Reflect.get(target, name);
				},
				set: (target, name, value) => {
					work++;
					return Reflect.set(target, name, value);
				},
				ownKeys: (target) => {
					const keys = Reflect.ownKeys(target);
					work += keys.length;
					return keys;
				},
			},
		);
		const context = { twenty2Runs: { 0: counted } };
		for (const ledger of [open(context), open(context)]) {
			for (let item = 0; item < items; item++) ledger.entry(item, ASHA);
		}
		expect(Object.keys(counted)).toHaveLength(items);
		return work / items;
	};
	const [few, many] = [workFor(100), workFor(10_000)];
	expect(few).toBeGreaterThan(1);
	expect(many).toBeLessThan(few * 1.5);
});

const run = (context: Context, index: number) => new Ledger(context, { index, isTool: true });

it('gives a tool one entry for a number, whatever the run and the item', () => {
	const context = {};
	const entry = run(context, 0).entry(0, ASHA);
	expect(run(context, 0).entry(1, ASHA)).toBe(entry);
	expect(run(context, 3).entry(0, ASHA)).toBe(entry);
	expect(run(context, 3).entry(0, RAVI)).not.toBe(entry);
});

it('knows the entry of a tool again in a retry, whose runs are counted on', () => {
	const context = {};
	const placed: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };
	Object.assign(run(context, 0).entry(0, ASHA), { attempts: 1, state: placed });
	expect(run(stored(context), 1).entry(0, ASHA)).toMatchObject({ attempts: 1, state: placed });
});

it('counts and names the calls of one run of a tool, and knows no others of its items', () => {
	const context = {};
	run(context, 0).entry(0, ASHA).state = { is: 'placed', answer: { call_id: 'call_1' } };
	const other = run(context, 1);
	expect([other.tally, other.callIds]).toEqual([{ placed: 0, doubtful: 0 }, []]);
	expect(other.entriesOf(0)).toEqual([]);
	other.entry(0, ASHA);
	expect([other.tally, other.callIds]).toEqual([{ placed: 1, doubtful: 0 }, ['call_1']]);
});

it('takes every call of a tool for one that may have been sent, where n8n has kept nothing of an earlier try', () => {
	const ledger = new Ledger({}, { index: 0, isTool: false, forgotten: true });
	expect(ledger.entry(0, ASHA).state).toEqual({ is: 'sent' });
});

it('counts the calls of all passes of a loop', () => {
	const context = {};
	open(context, 0).entry(0, ASHA).state = { is: 'placed', answer: {} };
	open(context, 1).entry(0, RAVI).state = { is: 'sent' };
	expect(open(context, 2).tally).toEqual({ placed: 1, doubtful: 1 });
});

it('counts no call of an entry that cannot be read', () => {
	const context: Context = { twenty2Runs: { 0: { [`1 ${RAVI}`]: null, damaged: entry } } };
	const ledger = open(context);
	ledger.entry(0, ASHA).state = { is: 'placed', answer: { call_id: 'call_1' } };
	expect(ledger.tally).toEqual({ placed: 1, doubtful: 0 });
	expect(ledger.callIds).toEqual(['call_1']);
});

it('names the calls of this run, as far as Twenty2 has named them', () => {
	const context = {};
	open(context, 0).entry(0, ASHA).state = { is: 'placed', answer: { call_id: 'call_0' } };
	const ledger = open(context, 1);
	for (const [item, answer] of [{ call_id: 'call_1' }, {}, { call_id: 'call_3' }].entries()) {
		ledger.entry(item, ASHA).state = { is: 'placed', answer };
	}
	ledger.entry(3, ASHA).state = { is: 'sent' };
	expect(ledger.callIds).toEqual(['call_1', 'call_3']);
});

it('knows also of an item what it has come to know since it was asked', () => {
	const ledger = open({});
	expect(ledger.entriesOf(3)).toEqual([]);
	const made = ledger.entry(3, ASHA);
	const other = ledger.entry(3, RAVI);
	ledger.entry(3, ASHA);
	expect(ledger.entriesOf(3)).toEqual([made, other]);
});

it('says what it knew of an item, whatever its number was', () => {
	const context = {};
	const before = open(context).entry(3, ASHA);
	const again = open(context);
	expect(again.entriesOf(3)).toEqual([before]);
	expect(again.entriesOf(0)).toEqual([]);
});
