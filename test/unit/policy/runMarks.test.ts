import { expect, it } from 'vitest';

import { marksOf, RunMarks, type KnownMarks } from '../../../nodes/Twenty2/policy/runMarks';
import { alone, MemoryStore } from './memoryStore';

const newKnown = (): KnownMarks => ({ made: {}, metOthers: false });

/** One try of an execution. */
function tryOf(
	store: MemoryStore,
	known = newKnown(),
	{ items = 60, isTool = false, index = 0 } = {},
) {
	const marks = new RunMarks({ name: 'execution node', index, items, isTool }, known, alone(store));
	const claim = async (item: number, toNumber = '') =>
		await marks.claim(marks.trancheOf(item, toNumber));
	return { marks, known, claim };
}

it('the marks of a run are one for each tranche of twenty items', async () => {
	const store = new MemoryStore();
	const { claim } = tryOf(store);
	const claims = await Promise.all(Array.from({ length: 60 }, (_, item) => claim(item)));
	expect(new Set(claims)).toEqual(new Set([true]));
	expect(store.database.marks).toHaveLength(3);
});

it.each([
	[200, 10],
	[201, 10],
	[2_000, 10],
	[10_000, 10],
	[10_001, 10],
])('a run of %i items has %i marks at most', async (items, most) => {
	const store = new MemoryStore();
	const { claim } = tryOf(store, newKnown(), { items });
	for (let item = 0; item < items; item++) await claim(item);
	expect(store.database.marks.length).toBeLessThanOrEqual(most);
});

it('the marks of a run tell a try that knows nothing of an earlier one which tranches that one had begun', async () => {
	const store = new MemoryStore();
	const killed = tryOf(store);
	await killed.claim(0);
	await killed.claim(25);
	const retry = tryOf(store);
	expect(await Promise.all([3, 20, 39, 40, 59].map((item) => retry.claim(item)))).toEqual([
		false,
		false,
		false,
		true,
		true,
	]);
	expect(retry.marks.isOthers(retry.marks.trancheOf(10, ''))).toBe(true);
	expect(retry.marks.isOthers(retry.marks.trancheOf(50, ''))).toBe(false);
	expect(retry.known.metOthers).toBe(true);
});

it('the marks of a run are no obstacle to the tries of an execution that know of each other', async () => {
	const store = new MemoryStore();
	const known = newKnown();
	for (let again = 0; again < 3; again++) expect(await tryOf(store, known).claim(0)).toBe(true);
	expect(known.metOthers).toBe(false);
	expect(marksOf('execution node', known)).toEqual(store.database.marks);
});

it('the marks of a run go to one of two retries that begin with the same knowledge', async () => {
	const store = new MemoryStore();
	const failed = tryOf(store);
	await failed.claim(0);
	const [one, other] = [structuredClone(failed.known), structuredClone(failed.known)];
	expect(await tryOf(store, one).claim(0)).toBe(true);
	expect(await tryOf(store, other).claim(0)).toBe(false);
});

it('the marks of a run tell the passes of a loop apart', async () => {
	const store = new MemoryStore();
	const known = newKnown();
	expect(await tryOf(store, known, { index: 0 }).claim(0)).toBe(true);
	expect(await tryOf(store, newKnown(), { index: 1 }).claim(0)).toBe(true);
	expect(await tryOf(store, newKnown(), { index: 0 }).claim(0)).toBe(false);
});

it('the marks of a run are one for each number that a tool phones, whatever the item', async () => {
	const store = new MemoryStore();
	const tool = { isTool: true, items: 1 };
	const killed = tryOf(store, newKnown(), tool);
	expect(await killed.claim(0, '+919876543210')).toBe(true);
	const retry = tryOf(store, newKnown(), { ...tool, index: 4 });
	expect(await retry.claim(2, '+919876543210')).toBe(false);
	expect(await retry.claim(2, '+919876543211')).toBe(true);
});

it('the marks of a run are asked for once by all items of a tranche, and again after the store has failed', async () => {
	const store = new MemoryStore();
	const { claim } = tryOf(store);
	store.database.down = true;
	const failed = await Promise.allSettled([claim(0), claim(1)]);
	expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
	store.database.down = false;
	expect(await claim(0)).toBe(true);
});

it('there are no marks where there is no store', async () => {
	const run = { name: '', index: 0, items: 1, isTool: false };
	expect(await new RunMarks(run, newKnown(), undefined).claim('0 0')).toBe(true);
});
