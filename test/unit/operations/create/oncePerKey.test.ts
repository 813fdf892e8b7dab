import { describe, expect, it, vi } from 'vitest';

import { outcomeUnknown } from '../../../../nodes/Twenty2/api/failure';
import {
	KeyOfCall,
	keyOf,
	oncePerKey,
	type DeduplicationKeys,
} from '../../../../nodes/Twenty2/operations/create/oncePerKey';
import type { SendRecord } from '../../../../nodes/Twenty2/operations/create/placeCall';
import type { Entry } from '../../../../nodes/Twenty2/policy/ledger';
import type { HeldKey, KeyState } from '../../../../nodes/Twenty2/policy/usedKeys';
import { readerOf } from '../fields/reader';
import { newEntry } from './placing';

const KEY = 'asha@example.com';

/** A key, and what was done with it. */
function heldKey(before: KeyState = 'unused', more: Partial<HeldKey> = {}) {
	const did: string[] = [];
	const doing =
		<T>(name: string, answer: T) =>
		async () => {
			did.push(name);
			return await Promise.resolve(answer);
		};
	const held: HeldKey = {
		recordSent: doing('sent', before),
		recordPlaced: doing('placed', undefined),
		forget: doing('forgotten', undefined),
		release: doing('released', undefined),
		...more,
	};
	return { held, did };
}

const down = async () => await Promise.reject(new Error('the database is down'));

const doubtful: Entry['state'] = { is: 'unknown', why: {} };
const placed: Entry['state'] = { is: 'placed', answer: { call_id: 'call_1' } };

describe('The key of a call', () => {
	const recorded = async (entry: Entry, before: KeyState = 'unused', more?: Partial<HeldKey>) => {
		const { held, did } = heldKey(before, more);
		const key = new KeyOfCall(KEY, entry, held);
		const reason = await key.recordSent().catch((error: unknown) => error);
		return { key, did, reason };
	};

	it('is recorded once for all attempts', async () => {
		const entry = newEntry();
		const { key, did } = await recorded(entry);
		await key.recordSent();
		expect(did).toEqual(['sent']);
		expect(entry.key).toBe(KEY);
		expect(key.leftInDoubt).toBe(false);
	});

	it('that is placed has nobody phoned, and shows two characters of itself', async () => {
		const entry = newEntry();
		const { key, reason } = await recorded(entry, 'placed');
		expect(reason).toMatchObject({
			fields: {
				code: 'DUPLICATE_CALL',
				message: 'The key "as…" was used before in this workflow',
				status: null,
				source: 'n8n',
			},
		});
		expect(entry).toEqual(newEntry());
		expect(key.leftInDoubt).toBe(false);
	});

	it('that is in doubt leaves its call in doubt', async () => {
		const entry = newEntry();
		const { key, reason } = await recorded(entry, 'in doubt');
		const fields = {
			code: 'OUTCOME_UNKNOWN',
			message:
				'An earlier run may have placed a call under the key "as…", and it is not known whether it did',
			outcome: 'unknown',
			status: null,
		};
		expect(reason).toMatchObject({ fields });
		expect(entry).toMatchObject({ key: KEY, state: { is: 'unknown', why: fields } });
		expect(key.leftInDoubt).toBe(true);
	});

	it('that an earlier try of the call left in doubt does not', async () => {
		const entry = newEntry({ key: KEY, state: { is: 'not placed' } });
		const { key, reason } = await recorded(entry, 'in doubt');
		expect(reason).toBeUndefined();
		expect(entry.state).toEqual({ is: 'not placed' });
		expect(key.leftInDoubt).toBe(false);
	});

	it('that another item had before does', async () => {
		const entry = newEntry({ key: 'another key', state: { is: 'not placed' } });
		expect((await recorded(entry, 'in doubt')).reason).toMatchObject({
			fields: { code: 'OUTCOME_UNKNOWN' },
		});
	});

	it('that n8n cannot record has nobody phoned, and says why', async () => {
		const entry = newEntry();
		const { key, reason } = await recorded(entry, 'unused', { recordSent: down });
		expect(reason).toMatchObject({
			fields: {
				code: 'INVALID_INPUT',
				message:
					'The key of Call Only Once per Key could not be recorded by n8n, so the call was not placed: the database is down',
				description: expect.stringContaining('Remove Duplicates'),
			},
		});
		expect(entry).toEqual(newEntry());
		expect(key.leftInDoubt).toBe(false);
	});

	it.each<[Entry['state'], string[]]>([
		[placed, ['sent', 'placed']],
		[{ is: 'not placed' }, ['sent', 'forgotten']],
		[{ is: 'unsent' }, ['sent', 'forgotten']],
		[doubtful, ['sent']],
		[{ is: 'sent' }, ['sent']],
	])('settles as the entry says: %j', async (state, did) => {
		const entry = newEntry();
		const { key, did: done } = await recorded(entry);
		entry.state = state;
		await key.settle();
		expect(done).toEqual(did);
		expect(entry.key).toBe(did.includes('forgotten') ? undefined : KEY);
	});

	it('is recorded again for an attempt after one that was refused', async () => {
		const { key, did } = await recorded(newEntry({ state: { is: 'not placed' } }));
		await key.settle();
		await key.recordSent();
		expect(did).toEqual(['sent', 'forgotten', 'sent']);
	});

	it('that was never recorded is not settled', async () => {
		const { held, did } = heldKey();
		await new KeyOfCall(KEY, newEntry({ state: placed }), held).settle();
		expect(did).toEqual([]);
	});

	it.each<[Entry['state'], Partial<HeldKey>]>([
		[placed, { recordPlaced: down }],
		[{ is: 'not placed' }, { forget: down }],
	])('stays in doubt where n8n cannot settle it: %j', async (state, more) => {
		const entry = newEntry();
		const { key, did } = await recorded(entry, 'unused', more);
		entry.state = state;
		await key.settle();
		await key.recordSent();
		expect(did).toEqual(['sent']);
		expect(entry.key).toBe(KEY);
	});
});

describe('oncePerKey', () => {
	const { signal } = new AbortController();

	const keysWith = (held: HeldKey): DeduplicationKeys => ({
		hold: vi.fn(async () => await Promise.resolve(held)),
	});

	const noKeys: DeduplicationKeys = { hold: down };

	/** Records the key, as placing a call does. */
	const placing = (entry: Entry, state: Entry['state']) => {
		const place = vi.fn(async (record?: SendRecord) => {
			await record?.recordSent();
			entry.state = state;
			return 'call_1';
		});
		const lookUp = vi.fn(async () => await Promise.resolve());
		return { place, lookUp };
	};

	it('places a call without a key, whatever n8n can keep', async () => {
		const entry = newEntry();
		const { place, lookUp } = placing(entry, placed);
		const run = { keys: noKeys, signal };
		expect(await oncePerKey(undefined, entry, run, { place, lookUp })).toBe('call_1');
		expect(place).toHaveBeenCalledWith();
	});

	it('places it under a key that it settles and gives back', async () => {
		const entry = newEntry();
		const { held, did } = heldKey();
		const how = placing(entry, placed);
		const keys = keysWith(held);
		expect(await oncePerKey(KEY, entry, { keys, signal }, how)).toBe('call_1');
		expect(keys.hold).toHaveBeenCalledWith(KEY, signal);
		expect(did).toEqual(['sent', 'placed', 'released']);
		expect(how.lookUp).not.toHaveBeenCalled();
	});

	it('places none under a key that is placed, and gives it back', async () => {
		const { held, did } = heldKey('placed');
		const entry = newEntry();
		const how = placing(entry, placed);
		const once = oncePerKey(KEY, entry, { keys: keysWith(held), signal }, how);
		await expect(once).rejects.toMatchObject({ fields: { code: 'DUPLICATE_CALL' } });
		expect(did).toEqual(['sent', 'released']);
		expect(how.place).toHaveBeenCalledTimes(1);
		expect(how.lookUp).not.toHaveBeenCalled();
	});

	it('looks once for the call that an earlier run may have placed, and then decides again', async () => {
		const { held } = heldKey('in doubt');
		const entry = newEntry();
		const how = placing(entry, placed);
		expect(await oncePerKey(KEY, entry, { keys: keysWith(held), signal }, how)).toBe('call_1');
		expect(how.place).toHaveBeenCalledTimes(2);
		expect(how.lookUp).toHaveBeenCalledTimes(1);
		expect(how.lookUp.mock.invocationCallOrder[0]).toBeLessThan(
			how.place.mock.invocationCallOrder[1] ?? 0,
		);
	});

	it('gives the key back when the look is stopped', async () => {
		const { held, did } = heldKey('in doubt');
		const entry = newEntry();
		const stopped = new Error('stopped');
		const how = { ...placing(entry, placed), lookUp: async () => await Promise.reject(stopped) };
		const once = oncePerKey(KEY, entry, { keys: keysWith(held), signal }, how);
		await expect(once).rejects.toBe(stopped);
		expect(did).toEqual(['sent', 'released']);
	});

	it('does not look where another failure ends the call', async () => {
		const { held, did } = heldKey();
		const entry = newEntry();
		const lost = outcomeUnknown('The connection ended', null);
		const how = {
			place: async (record?: SendRecord) => {
				await record?.recordSent();
				entry.state = doubtful;
				throw lost;
			},
			lookUp: vi.fn(async () => await Promise.resolve()),
		};
		const once = oncePerKey(KEY, entry, { keys: keysWith(held), signal }, how);
		await expect(once).rejects.toBe(lost);
		expect(how.lookUp).not.toHaveBeenCalled();
		expect(did).toEqual(['sent', 'released']);
	});

	it('says why n8n cannot hold a key', async () => {
		const how = placing(newEntry(), placed);
		const once = oncePerKey(KEY, newEntry(), { keys: noKeys, signal }, how);
		await expect(once).rejects.toMatchObject({
			fields: { code: 'INVALID_INPUT', message: expect.stringMatching(/: the database is down$/) },
		});
		expect(how.place).not.toHaveBeenCalled();
	});

	it('says no such thing when the wait for the key is stopped', async () => {
		const stop = new AbortController();
		const reason = new Error('stopped');
		stop.abort(reason);
		const hold = async () => await Promise.reject(reason);
		const how = placing(newEntry(), placed);
		const once = oncePerKey(KEY, newEntry(), { keys: { hold }, signal: stop.signal }, how);
		await expect(once).rejects.toBe(reason);
	});
});

describe('keyOf', () => {
	const keyIn = (deduplicationKey: unknown) => keyOf(readerOf({}, { deduplicationKey }));

	it.each([
		['november-asha', 'november-asha'],
		[' 42 ', '42'],
		[42, '42'],
	])('reads %j', (given, key) => {
		expect(keyIn(given)).toBe(key);
	});

	it('is undefined where the option was not added', () => {
		expect(keyOf(readerOf({}))).toBeUndefined();
	});

	it.each([
		['', 'is empty'],
		['  ', 'is empty'],
		[true, 'must be text'],
		[{ id: 1 }, 'must be text'],
		[undefined, 'must be text'],
	])('refuses %j, which would switch the protection off', (given, why) => {
		expect(() => keyIn(given)).toThrow(`Call Only Once per Key ${why}`);
	});
});
