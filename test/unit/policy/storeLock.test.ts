import pLimit from 'p-limit';
import { sleep } from 'n8n-workflow';
import { expect, it, vi } from 'vitest';

import { StoreLock } from '../../../nodes/Twenty2/policy/storeLock';
import { pass, passUntilQuiet, settle, useFakeTime, watch } from './fakeTime';
import { MemoryDatabase, MemoryStore } from './memoryStore';

useFakeTime();

/** A process that reaches a database. */
function processAt(database: MemoryDatabase) {
	const store = new MemoryStore(database);
	const lock = new StoreLock(pLimit(1));
	const record = (...marks: string[]) =>
		watch(lock.locked(store, async (reached) => await reached.record(marks)));
	return { store, lock, record };
}

it('the lock of the store gives a mark to one of many processes that record it at once', async () => {
	const database = new MemoryDatabase();
	const processes = [1, 2, 3].map(() => processAt(database));
	for (const { store } of processes) store.pause = async () => await sleep(3);
	const keys = Array.from({ length: 40 }, (_, n) => `key ${n}`);
	const claims = processes.flatMap(({ record }) => keys.map((key) => record(key)));
	await passUntilQuiet();
	const won = claims.flatMap(({ value }) => value ?? []);
	expect([...won].sort()).toEqual([...keys].sort());
	expect(database.mostInside).toBe(1);
	expect(database.lock).toBeUndefined();
});

it('the lock of the store is held once for all work that waits for it', async () => {
	const database = new MemoryDatabase();
	const { store, record } = processAt(database);
	let inserted = 0;
	const insertLock = store.insertLock.bind(store);
	store.insertLock = async (entries) => {
		inserted++;
		return await insertLock(entries);
	};
	const claims = [record('a'), record('b'), record('c'), record('d')];
	await passUntilQuiet();
	expect(claims.map(({ value }) => value)).toEqual([['a'], ['b'], ['c'], ['d']]);
	expect(inserted).toBeLessThanOrEqual(2);
});

it('a lock that a crash has left is broken after ten seconds, and not before', async () => {
	const database = new MemoryDatabase();
	database.lock = 3;
	const claim = processAt(database).record('key');
	await pass(9_900);
	expect(claim.value).toBeUndefined();
	await pass(2_500);
	expect(claim.value).toEqual(['key']);
	expect(database.lock).toBeUndefined();
});

it('a lock that a crash has left is held by one of those who break it', async () => {
	const database = new MemoryDatabase();
	database.lock = 3;
	const processes = [1, 2, 3].map(() => processAt(database));
	for (const { store } of processes) store.pause = async () => await sleep(50);
	const claims = processes.map(({ record }) => record('key'));
	await passUntilQuiet();
	expect(claims.flatMap(({ value }) => value ?? [])).toEqual(['key']);
	expect(database.mostInside).toBe(1);
});

it('the lock of the store is not held by who broke it when a slower one has broken it once more', async () => {
	const chances = [0, 0.5];
	let drawn = 0;
	vi.spyOn(Math, 'random').mockImplementation(() => chances.shift() ?? (drawn++ % 19) / 19);
	const database = new MemoryDatabase();
	database.lock = 3;
	const [slow, quick] = [processAt(database), processAt(database)];
	for (const { store } of [slow, quick]) store.pause = async () => await sleep(500);
	const deleteLock = slow.store.deleteLock.bind(slow.store);
	slow.store.deleteLock = async () => {
		while (database.lock === 3) await sleep(10);
		await deleteLock();
	};
	const claims = [slow, quick].map(({ record }) => record('key'));
	await passUntilQuiet();
	vi.restoreAllMocks();
	expect(database.mostInside).toBe(1);
	expect(claims.flatMap(({ value }) => value ?? [])).toEqual(['key']);
});

it('the lock of the store is not broken while others take it one after the other', async () => {
	const database = new MemoryDatabase();
	const busy = processAt(database);
	busy.store.pause = async () => await sleep(100);
	const jobs = Array.from({ length: 300 }, async (_, n) => {
		await sleep(n * 100);
		return busy.record(`busy ${n}`);
	});
	const waiting = processAt(database);
	let broken = 0;
	const deleteLock = waiting.store.deleteLock.bind(waiting.store);
	waiting.store.deleteLock = async () => {
		broken++;
		await deleteLock();
	};
	await pass(50);
	const claim = waiting.record('key');
	await passUntilQuiet();
	await Promise.all(jobs);
	expect(claim.value).toEqual(['key']);
	// It has deleted only its own.
	expect(broken).toBe(1);
});

it('the lock of the store is taken anew by a process that stood still so long that it may have been broken', async () => {
	const database = new MemoryDatabase();
	const stalled = processAt(database);
	let pauses = 0;
	stalled.store.pause = async () => {
		if (pauses++ === 0) await sleep(30_000);
	};
	const own = stalled.record('own', 'shared');
	await pass(1_000);
	const other = processAt(database).record('other', 'shared');
	await pass(20_000);
	expect(other.value).toEqual(['other', 'shared']);
	await passUntilQuiet();
	// Its late write has overwritten what the other one recorded, so it has recorded its own once more.
	expect(own.value).toEqual([]);
	expect(database.marks).toEqual(['own', 'shared']);
	expect(database.lock).toBeUndefined();
});

it('the lock of the store rejects all that wait when the store cannot be reached, and takes the next ones', async () => {
	const database = new MemoryDatabase();
	database.down = true;
	const { lock, record } = processAt(database);
	const failed = [record('a'), record('b')];
	await settle();
	expect(failed.map(({ reason }) => String(reason))).toEqual([
		'Error: the database is down',
		'Error: the database is down',
	]);
	database.down = false;
	const claim = record('a');
	await passUntilQuiet();
	expect(claim.value).toEqual(['a']);
	expect(lock.idle).toBe(true);
});

it('the lock of the store rejects only the work that fails', async () => {
	const { store, lock, record } = processAt(new MemoryDatabase());
	const failed = watch(lock.locked(store, async () => await Promise.reject(new Error('no'))));
	const claim = record('a');
	await passUntilQuiet();
	expect(failed.reason).toEqual(new Error('no'));
	expect(claim.value).toEqual(['a']);
});
