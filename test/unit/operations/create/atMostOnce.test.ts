import { describe, expect, it, vi } from 'vitest';

import { outcomeUnknown } from '../../../../nodes/Twenty2/api/failure';
import {
	atMostOnce,
	KeyOfCall,
	keyOf,
	TrancheOfCall,
} from '../../../../nodes/Twenty2/operations/create/atMostOnce';
import type { CallRecord } from '../../../../nodes/Twenty2/operations/create/placeCall';
import type { Entry } from '../../../../nodes/Twenty2/policy/ledger';
import { RunMarks } from '../../../../nodes/Twenty2/policy/runMarks';
import { UsedKeys, type KeyState } from '../../../../nodes/Twenty2/policy/usedKeys';
import { pass, passUntilQuiet, useFakeTime, watch } from '../../policy/fakeTime';
import { alone, MemoryStore } from '../../policy/memoryStore';
import { readerOf } from '../fields/reader';
import { newEntry } from './placing';

useFakeTime();

const KEY = 'asha@example.com';
const PATIENCE_MS = 30_000;

const { signal } = new AbortController();

const placed: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };
const call = { call_id: 'call_1' };

const doubtful: Entry['state'] = { is: 'unknown', why: {} };

/** A store in which the key was left so. */
async function storeWith(before: KeyState = 'unused') {
	const store = new MemoryStore();
	const keys = new UsedKeys(alone(store));
	if (before !== 'unused') await keys.claim(KEY);
	if (before === 'placed') await keys.placed(KEY);
	if (before === 'in doubt') await keys.leaveInDoubt(KEY);
	return { store, keys };
}

/** Records and sends a create, whose outcome is so. */
function placing(entry: Entry, state: Entry['state'] = placed) {
	const sent: Entry['state'][] = [];
	const place = vi.fn(async (record: CallRecord) => {
		const heldBack = record.known() ?? (await record.claim());
		if (heldBack) return heldBack;
		sent.push(state);
		entry.state = state;
		return call;
	});
	const lookUp = vi.fn(async () => await Promise.resolve());
	return { place, lookUp, sent };
}

const placeOnce = async (
	record: CallRecord,
	{ place, lookUp }: ReturnType<typeof placing>,
	stopped = signal,
) => await atMostOnce(record, stopped, { place: async () => await place(record), lookUp });

describe('A call with a deduplication key', () => {
	const once = (keys: UsedKeys, entry: Entry, how: ReturnType<typeof placing>) =>
		watch(placeOnce(new KeyOfCall(KEY, entry, keys, PATIENCE_MS), how));

	it('a call is placed under a key that nobody has used, and the key is placed afterwards', async () => {
		const { keys } = await storeWith();
		const entry = newEntry();
		const how = placing(entry);
		const done = once(keys, entry, how);
		await passUntilQuiet();
		expect([done.value, entry.key]).toEqual([call, KEY]);
		expect(await keys.claim(KEY)).toBe('placed');
		expect(how.lookUp).not.toHaveBeenCalled();
	});

	it('a call is not placed under a key that is placed, and the message shows two characters of it', async () => {
		const { keys } = await storeWith('placed');
		const entry = newEntry();
		const how = placing(entry);
		const done = once(keys, entry, how);
		await passUntilQuiet();
		expect(done.reason).toMatchObject({
			fields: {
				code: 'DUPLICATE_CALL',
				message: 'The key "as…" was used before in this workflow',
				status: null,
				source: 'n8n',
			},
		});
		expect([entry, how.sent]).toEqual([newEntry(), []]);
	});

	it('a call is in doubt under a key in doubt, until one look lets it be placed even so', async () => {
		const { keys } = await storeWith('in doubt');
		const entry = newEntry();
		const how = placing(entry);
		const fields = {
			code: 'OUTCOME_UNKNOWN',
			message:
				'An earlier run may have placed a call under the key "as…", and it is not known whether it did',
			outcome: 'unknown',
			status: null,
		};
		how.lookUp.mockImplementation(async () => {
			expect(entry).toMatchObject({ key: KEY, state: { is: 'unknown', why: fields } });
			await Promise.resolve();
		});
		const done = once(keys, entry, how);
		await passUntilQuiet();
		expect(done.value).toBe(call);
		expect(how.lookUp).toHaveBeenCalledTimes(1);
		expect(await keys.claim(KEY)).toBe('placed');
	});

	it('a call waits for another execution that is placing it, and is a duplicate then', async () => {
		const { keys } = await storeWith('being placed');
		const entry = newEntry();
		const how = placing(entry);
		const done = once(keys, entry, how);
		await pass(10_000);
		expect(done.reason).toBeUndefined();
		await keys.placed(KEY);
		await pass(1_100);
		expect(done.reason).toMatchObject({ fields: { code: 'DUPLICATE_CALL' } });
		expect(how.sent).toEqual([]);
		// It need not wait for the limit once more to be told so.
		expect(how.place).toHaveBeenCalledTimes(1);
	});

	it('a call is placed when the other execution was told that it had not placed it', async () => {
		const { keys } = await storeWith('being placed');
		const entry = newEntry();
		const done = once(keys, entry, placing(entry));
		await pass(10_000);
		await keys.release(KEY);
		await pass(1_100);
		expect(done.value).toBe(call);
		expect(await keys.claim(KEY)).toBe('placed');
	});

	it('a call that asks what the other execution does is never taken for one that is being placed', async () => {
		const { keys, store } = await storeWith();
		let claimed: Promise<KeyState> | undefined;
		// A third execution claims the key while the question is being answered.
		store.pause = async () => {
			claimed ??= keys.claim(KEY);
			await Promise.resolve();
		};
		const asked = watch(new KeyOfCall(KEY, newEntry(), keys, PATIENCE_MS).wait(signal));
		await pass(1_000);
		expect(asked.at).toBeDefined();
		expect(await claimed).toBe('unused');
	});

	it('a call is in doubt once the other execution has taken as long as a request may', async () => {
		const { keys } = await storeWith('being placed');
		const entry = newEntry();
		const how = placing(entry);
		const lost = new Error('not even so');
		how.lookUp.mockRejectedValue(lost);
		const done = once(keys, entry, how);
		await pass(PATIENCE_MS - 1_000);
		expect(done.reason).toBeUndefined();
		await pass(3_000);
		expect(done.reason).toBe(lost);
		expect(entry.state).toMatchObject({ is: 'unknown' });
		// The next one need not wait for it again.
		expect(await keys.claim(KEY)).toBe('in doubt');
	});

	it('a call does not wait for another execution any longer when its own is stopped', async () => {
		const { keys } = await storeWith('being placed');
		const stop = new AbortController();
		const entry = newEntry();
		const record = new KeyOfCall(KEY, entry, keys, PATIENCE_MS);
		const done = watch(placeOnce(record, placing(entry), stop.signal));
		await pass(5_000);
		const reason = new Error('stopped');
		stop.abort(reason);
		await pass(1);
		expect(done.reason).toBe(reason);
	});

	it.each<[string, Partial<Entry>, KeyState]>([
		['that its own earlier try has left in doubt', { key: KEY }, 'in doubt'],
		['that another item had before', { key: 'another' }, 'in doubt'],
	])('a call is placed under a key %s', async (_, more, before) => {
		const { keys } = await storeWith(before);
		const entry = newEntry({ ...more, state: { is: 'not placed' } });
		const how = placing(entry);
		const done = once(keys, entry, how);
		await passUntilQuiet();
		expect(done.value).toBe(call);
		// Only the key of the same call is known from the entry.
		expect(how.lookUp).toHaveBeenCalledTimes(more.key === KEY ? 0 : 1);
	});

	it.each<[Entry['state'], KeyState]>([
		[{ is: 'not placed' }, 'unused'],
		[{ is: 'unsent' }, 'unused'],
		[doubtful, 'in doubt'],
		[{ is: 'sent' }, 'in doubt'],
	])('a call that ends as %j leaves its key %s', async (state, after) => {
		const { keys } = await storeWith();
		const entry = newEntry();
		once(keys, entry, placing(entry, state));
		await passUntilQuiet();
		expect(await keys.claim(KEY)).toBe(after);
		expect(entry.key).toBe(after === 'unused' ? undefined : KEY);
	});

	it('a call gives its key to others between an attempt that was refused and the next one', async () => {
		const { keys } = await storeWith();
		const entry = newEntry();
		const record = new KeyOfCall(KEY, entry, keys, PATIENCE_MS);
		await record.claim();
		entry.state = { is: 'not placed' };
		await record.settle();
		expect(await keys.claim(KEY)).toBe('unused');
		expect(await record.claim()).toBe('being placed');
	});

	it('the key of a call is recorded once for all attempts that leave it in doubt', async () => {
		const { keys } = await storeWith();
		const entry = newEntry();
		const record = new KeyOfCall(KEY, entry, keys, PATIENCE_MS);
		await record.claim();
		entry.state = doubtful;
		await record.settle();
		expect(await record.claim()).toBeUndefined();
	});

	it('a call is not placed where n8n cannot record its key, and the message says why', async () => {
		const { keys, store } = await storeWith();
		store.database.down = true;
		const entry = newEntry();
		const how = placing(entry);
		const done = once(keys, entry, how);
		await passUntilQuiet();
		expect(done.reason).toMatchObject({
			fields: {
				code: 'INVALID_INPUT',
				message:
					'The key of Call Only Once per Key could not be recorded by n8n, so the call was not placed: the database is down',
				description: expect.stringContaining('Remove Duplicates'),
			},
		});
		expect([entry, how.sent]).toEqual([newEntry(), []]);
	});

	it.each<[Entry['state'], KeyState]>([
		[placed, 'being placed'],
		[{ is: 'not placed' }, 'being placed'],
	])('a call that ends as %j leaves doubt where n8n cannot record that', async (state, after) => {
		const { keys, store } = await storeWith();
		const entry = newEntry();
		const how = placing(entry, state);
		how.place.mockImplementationOnce(async (record) => {
			await record.claim();
			entry.state = state;
			store.database.down = true;
			return call;
		});
		const done = once(keys, entry, how);
		await passUntilQuiet();
		expect(done.value).toBe(call);
		store.database.down = false;
		expect(await keys.claim(KEY)).toBe(after);
	});
});

describe('A call without a key', () => {
	const newMarks = (store: MemoryStore) =>
		new RunMarks(
			{ name: 'execution node', index: 0, items: 40, isTool: false },
			{ made: {}, metOthers: false },
			alone(store),
		);
	const recordOf = (marks: RunMarks, entry: Entry, item = 0) =>
		new TrancheOfCall(marks.trancheOf(item, ''), entry, marks);
	const once = (record: CallRecord, how: ReturnType<typeof placing>) =>
		watch(placeOnce(record, how));

	it('a call without a key is placed when no other try has begun its tranche', async () => {
		const entry = newEntry();
		const how = placing(entry);
		const done = once(recordOf(newMarks(new MemoryStore()), entry), how);
		await passUntilQuiet();
		expect([done.value, how.place.mock.calls.length]).toEqual([call, 1]);
	});

	it('a call without a key is in doubt when another try has begun its tranche, until one look lets it be placed', async () => {
		const store = new MemoryStore();
		await newMarks(store).claim('0 0');
		const entry = newEntry();
		const how = placing(entry);
		how.lookUp.mockImplementation(async () => {
			expect(entry.state).toMatchObject({
				is: 'unknown',
				why: {
					code: 'OUTCOME_UNKNOWN',
					message:
						'An earlier try of this execution may have phoned this person, and n8n has kept no answer of it',
				},
			});
			await Promise.resolve();
		});
		const done = once(recordOf(newMarks(store), entry), how);
		await passUntilQuiet();
		expect([done.value, how.lookUp.mock.calls.length]).toEqual([call, 1]);
	});

	it('a call without a key need not wait for the limit once its tranche is known to be in doubt', async () => {
		const store = new MemoryStore();
		await newMarks(store).claim('0 0');
		const marks = newMarks(store);
		expect(await marks.claim('0 0')).toBe(false);
		const entry = newEntry();
		const record = recordOf(marks, entry, 7);
		expect(record.known()).toBe('in doubt');
		expect(entry.state).toMatchObject({ is: 'unknown' });
	});

	it('a call without a key is not placed where n8n cannot mark its tranche, and the message says why', async () => {
		const store = new MemoryStore();
		store.database.down = true;
		const entry = newEntry();
		const how = placing(entry);
		const done = once(recordOf(newMarks(store), entry), how);
		await passUntilQuiet();
		expect(done.reason).toMatchObject({
			fields: {
				code: 'INVALID_INPUT',
				message:
					'That the person is phoned could not be recorded by n8n, so the call was not placed: the database is down',
			},
		});
		expect(how.sent).toEqual([]);
	});

	it('a call without a key is looked for once at most, and not where another failure ends it', async () => {
		const entry = newEntry();
		const lost = outcomeUnknown('The connection ended', null);
		const how = placing(entry);
		how.place.mockRejectedValue(lost);
		const done = once(recordOf(newMarks(new MemoryStore()), entry), how);
		await passUntilQuiet();
		expect(done.reason).toBe(lost);
		expect(how.lookUp).not.toHaveBeenCalled();
	});
});

describe('keyOf', () => {
	const keyIn = (deduplicationKey: unknown) => keyOf(readerOf({}, { deduplicationKey }));

	it.each([
		['november-asha', 'november-asha'],
		[' 42 ', '42'],
		[42, '42'],
	])('keyOf reads %j', (given, key) => {
		expect(keyIn(given)).toBe(key);
	});

	it.each([null, '', 'null', 'None'])(
		'keyOf takes %j of a model for no key',
		(deduplicationKey) => {
			expect(keyOf(readerOf({}, { deduplicationKey }, true))).toBeUndefined();
		},
	);

	it.each(['null', 'None'])('keyOf takes %j of a workflow for a key', (given) => {
		expect(keyIn(given)).toBe(given);
	});

	it('keyOf is undefined where the option was not added', () => {
		expect(keyOf(readerOf({}))).toBeUndefined();
	});

	it.each([
		['', 'is empty'],
		['  ', 'is empty'],
		[true, 'must be text'],
		[{ id: 1 }, 'must be text'],
		[undefined, 'must be text'],
	])('keyOf refuses %j, which would switch the protection off', (given, why) => {
		expect(() => keyIn(given)).toThrow(`Call Only Once per Key ${why}`);
	});
});
