import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { Ledger, type Entry } from '../../../nodes/Twenty2/policy/ledger';

const ASHA = '+919876543210';
const RAVI = '+919876543211';

type Context = Record<string, unknown>;

/** What n8n's database gives back. */
const stored = (context: Context): Context => structuredClone(JSON.parse(JSON.stringify(context)));

/** The ledger of an execution that no other test knows. */
const open = (context: Context, runIndex = 0, identity: string = randomUUID()) =>
	new Ledger(context, { index: runIndex, identity, execution: '1', isTool: false });

const states: Array<Entry['state']> = [
	{ is: 'unsent' },
	{ is: 'sent' },
	{ is: 'placed', answer: { call_id: 'call_1', nested: { is: [1, null, 'two'] } } },
	{ is: 'not placed' },
	{ is: 'unknown', why: { code: 'OUTCOME_UNKNOWN', status: null } },
];

describe('Ledger', () => {
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
		it.each(states)('still knows that a call is %o', (state) => {
			const context = {};
			const before = Object.assign(open(context).entry(4, ASHA), { attempts: 3, state });
			expect(open(between(context)).entry(4, ASHA)).toEqual(before);
		});

		it('still knows after any number of runs', () => {
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

	describe('after Stop, when n8n has kept nothing', () => {
		/** A stopped execution that had placed this call. */
		function stoppedRun(identity: string): Entry {
			const ledger = open({}, 0, identity);
			const placed = ledger.entry(0, ASHA);
			ledger.remember();
			return placed;
		}

		it('knows what the stopped execution had placed', () => {
			const placed = stoppedRun('stopped');
			expect(open({}, 0, 'stopped').entry(0, ASHA)).toEqual(placed);
			expect(open({}, 1, 'stopped').entry(0, ASHA).id).not.toBe(placed.id);
		});

		it('knows also what was answered after Stop', () => {
			const placed = stoppedRun('answered late');
			placed.state = { is: 'placed', answer: { call_id: 'call_1' } };
			expect(open({}, 0, 'answered late').entry(0, ASHA).state).toEqual(placed.state);
		});

		it('knows nothing of another execution', () => {
			const placed = stoppedRun('one');
			expect(open({}, 0, 'another').entry(0, ASHA).id).not.toBe(placed.id);
		});

		it('knows nothing of an execution that was not stopped', () => {
			const { id } = open({}, 0, 'not stopped').entry(0, ASHA);
			expect(open({}, 0, 'not stopped').entry(0, ASHA).id).not.toBe(id);
		});

		it('knows it at every retry, with what the retries have placed', () => {
			const placed = stoppedRun('retried');
			const added = open({}, 0, 'retried').entry(1, RAVI);
			const again = open({}, 0, 'retried');
			expect(again.entry(0, ASHA)).toEqual(placed);
			expect(again.entry(1, RAVI)).toEqual(added);
		});

		it('believes n8n where another process has sent more since', () => {
			const context = {};
			const kept = open(context, 0, 'kept').entry(0, ASHA);
			Object.assign(kept, { attempts: 1, state: { is: 'not placed' } });
			const remembered = stoppedRun('kept');
			expect(open(stored(context), 0, 'kept').entry(0, ASHA)).toEqual(kept);
			expect(kept.id).not.toBe(remembered.id);
		});

		it('tells who is at work on an entry what another process has sent for it since', () => {
			const context = {};
			const entry = open(context, 0, 'sent elsewhere').entry(0, ASHA);
			Object.assign(entry, { attempts: 1, state: { is: 'sent' } });
			const atWork = open(stored(context), 0, 'sent elsewhere');
			const known = atWork.entry(0, ASHA);
			atWork.remember();

			const state: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };
			Object.assign(entry, { attempts: 2, state });
			open(stored(context), 0, 'sent elsewhere');
			expect(known).toEqual(entry);
		});

		it('is the same to all who retry, also to one who began before', () => {
			const retry = open({}, 0, 'retried at once');
			retry.remember();
			const other = open({}, 0, 'retried at once');
			expect(other.entry(0, ASHA)).toBe(retry.entry(0, ASHA));
		});

		it('knows what a stopped retry had placed, where n8n has kept what an earlier try had', () => {
			const context = {};
			const kept = open(context, 0, 'failed before').entry(0, ASHA);
			Object.assign(kept, { attempts: 1, state: { is: 'not placed' } });
			const failed = stored(context);

			const retry = open(stored(failed), 0, 'failed before');
			const placed: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };
			for (const [item, number] of [ASHA, RAVI].entries()) {
				Object.assign(retry.entry(item, number), { attempts: 2, state: placed });
			}
			retry.remember();

			const again = open(stored(failed), 0, 'failed before');
			expect(again.entry(0, ASHA)).toMatchObject({ id: kept.id, attempts: 2, state: placed });
			expect(again.entry(1, RAVI).state).toEqual(placed);
		});

		it('remembers the last 50 executions, and those stopped again among them', () => {
			const first = stoppedRun('first');
			const second = stoppedRun('second');
			for (let i = 0; i < 48; i++) stoppedRun(`between ${i}`);
			open({}, 0, 'first').remember();
			stoppedRun('one more');
			expect(open({}, 0, 'first').entry(0, ASHA).id).toBe(first.id);
			expect(open({}, 0, 'second').entry(0, ASHA).id).not.toBe(second.id);
		});
	});

	describe('of a tool', () => {
		const run = (context: Context, index: number, execution = '1') =>
			new Ledger(context, { index, identity: randomUUID(), execution, isTool: true });

		it('leaves what a run knew that threw to the next that is to phone the same person', () => {
			const context = {};
			const tried = run(context, 0);
			const placed = tried.entry(0, ASHA);
			tried.failed();
			const next = run(stored(context), 1);
			expect(next.entry(0, RAVI).id).not.toBe(placed.id);
			expect(next.entry(0, ASHA)).toEqual(placed);
		});

		it('leaves it once: a call after that is another one', () => {
			const context = {};
			const tried = run(context, 0);
			const { id } = tried.entry(0, ASHA);
			tried.failed();
			expect(run(context, 1).entry(0, ASHA).id).toBe(id);
			expect(run(context, 2).entry(0, ASHA).id).not.toBe(id);
		});

		it('leaves what an execution knew to its retry, whose runs are counted on', () => {
			const context = {};
			const calls = [run(context, 0).entry(0, ASHA), run(context, 1).entry(0, ASHA)];
			const retried = stored(context);
			const again = [2, 3].map((index) => run(retried, index, '2').entry(0, ASHA));
			expect(again).toEqual(calls);
			expect(run(retried, 4, '2').entry(0, ASHA).attempts).toBe(0);
			expect(calls.map(({ id }) => id)).not.toContain(run(retried, 5, '2').entry(0, ASHA).id);
		});

		it('takes two calls to one person for two, also where an agent gives them one index', () => {
			const context = {};
			const [first, second] = [run(context, 0), run(context, 0)];
			expect(second.entry(0, ASHA).id).not.toBe(first.entry(0, ASHA).id);
		});

		it('takes both up again, each once, when the execution is retried', () => {
			const context = {};
			const ids = [0, 0].map((index) => run(context, index).entry(0, ASHA).id);
			const retried = stored(context);
			const again = [0, 0, 0].map((index) => run(retried, index, '2').entry(0, ASHA).id);
			expect(again.slice(0, 2)).toEqual(ids);
			expect(ids).not.toContain(again[2]);
		});

		describe('whose executions are retried in any order', () => {
			const retry = (context: Context, index: number, execution: string) => {
				const ledger = new Ledger(context, { index, identity: 'agent', execution, isTool: true });
				ledger.remember();
				return ledger;
			};

			/** A call that was refused in one retry and taken up by another one of the same. */
			function takenUp() {
				const context: Context = {};
				retry(context, 0, '2').entry(0, ASHA);
				const refused = retry(context, 1, '2').entry(0, RAVI);
				Object.assign(refused, { attempts: 1, state: { is: 'not placed' } });
				return { before: stored(context), entry: retry({}, 0, '3').entry(0, RAVI) };
			}

			it('knows what was placed last, and not what an older one has stored of it', () => {
				const { before, entry } = takenUp();
				Object.assign(entry, { attempts: 2, state: { is: 'placed', answer: {} } });
				expect(retry(before, 2, '4').entry(0, RAVI)).toEqual(entry);
			});

			it('is the same to who is at work on it', () => {
				const { before, entry } = takenUp();
				expect(retry(before, 2, '4').entry(0, RAVI)).toBe(entry);
			});
		});

		it('counts the calls of one run, for each is a call of its own', () => {
			const context = {};
			run(context, 0).entry(0, ASHA).state = { is: 'placed', answer: {} };
			expect(run(context, 1).tally).toEqual({ placed: 0, doubtful: 0 });
		});
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
});
