import { sleep } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { Keys, type KeyStore } from '../../../nodes/Twenty2/policy/usedKeys';
import { later, pass, passUntilQuiet, settle, useFakeTime, watch } from './fakeTime';

const never = new AbortController().signal;

/** A store that answers when told to. */
class SlowStore implements KeyStore {
	readonly known = new Set<string>();

	/** What it was asked, in order. */
	readonly asked: string[] = [];

	/** Most that it was asked at once. */
	atOnce = 0;

	private open: Array<ReturnType<typeof later<void>>> = [];

	async record(keys: string[]): Promise<string[]> {
		return await this.answer(`record ${keys.join(' ')}`, () => {
			const fresh = keys.filter((key) => !this.known.has(key));
			for (const key of fresh) this.known.add(key);
			return fresh;
		});
	}

	async forget(keys: string[]): Promise<void> {
		await this.answer(`forget ${keys.join(' ')}`, () => {
			for (const key of keys) this.known.delete(key);
		});
	}

	/** Answers whatever it is asked, until it is asked nothing more. */
	async all(): Promise<void> {
		await pass(100);
		while (this.open.length > 0) {
			await this.next();
			await pass(100);
		}
	}

	/** The process that asked has ended: what it asked for is never carried out. */
	async drop(): Promise<void> {
		await settle();
		this.open = [];
	}

	/** Answers what it was asked first. */
	async next(reason?: Error): Promise<void> {
		await settle();
		const query = this.open.shift();
		if (reason) query?.reject(reason);
		else query?.resolve();
		await settle();
	}

	private async answer<T>(query: string, change: () => T): Promise<T> {
		this.asked.push(query);
		const turn = later<void>();
		this.open.push(turn);
		this.atOnce = Math.max(this.atOnce, this.open.length);
		await turn.promise;
		return change();
	}
}

/** One row of a database, as one process reads it, changes it and writes it back. */
class Row implements KeyStore {
	/** From reading to writing. */
	heldUpMs = 1;

	constructor(private readonly row: { marks: string[] }) {}

	async record(keys: string[]): Promise<string[]> {
		const { marks } = this.row;
		await sleep(this.heldUpMs);
		const fresh = keys.filter((key) => !marks.includes(key));
		this.row.marks = [...marks, ...fresh];
		return fresh;
	}

	async forget(keys: string[]): Promise<void> {
		const { marks } = this.row;
		await sleep(this.heldUpMs);
		this.row.marks = marks.filter((mark) => !keys.includes(mark));
	}
}

const start = () => {
	const store = new SlowStore();
	const keys = new Keys();
	/** Holds a key and records it as sent. @returns undefined when it was placed before */
	const used = async (key: string, signal: AbortSignal) => {
		const held = await keys.hold(key, store, signal);
		const before = await held.recordSent().catch(async (reason: unknown) => {
			await held.release();
			throw reason;
		});
		if (before === 'placed') return await held.release();
		return {
			before,
			keep: async () => {
				await held.recordPlaced().catch(() => undefined);
				await held.release();
			},
			leave: held.release,
			release: async () => await held.forget().finally(held.release),
		};
	};
	const claim = (key: string, signal = never) => watch(used(key, signal));
	return { store, keys, claim };
};

/** The same store, seen by another process. */
const elsewhere = (store: SlowStore) => {
	const keys = new Keys();
	return (key: string) =>
		watch(
			(async () => {
				const held = await keys.hold(key, store, never);
				const before = await held.recordSent();
				await held.release();
				return before;
			})(),
		);
};

const sent = (key: string) => `twenty2 ${key}`;
const placed = (key: string) => `twenty2-placed ${key}`;
const checked = (key: string) => `twenty2-checked ${key}`;

describe('The keys of a workflow', () => {
	useFakeTime();

	it('are each given once', async () => {
		const { store, claim } = start();
		const first = claim('a');
		await store.all();
		void first.value?.keep();
		const soon = claim('a');
		await store.all();
		const later = claim('a');
		await store.all();

		expect(first.value).toBeDefined();
		const refused = { value: undefined, at: expect.any(Number) };
		expect([soon, later]).toMatchObject([refused, refused]);
	});

	it('are recorded before they are given', async () => {
		const { store, claim } = start();
		const claimed = claim('a');
		await settle();
		expect(claimed.at).toBeUndefined();
		await store.next();
		expect([...store.known]).toEqual([sent('a')]);
		expect(claimed.value).toBeDefined();
	});

	it('never reach the store with two queries at once, and together where they can', async () => {
		const { store, claim } = start();
		const first = claim('a');
		await settle();
		const others = ['b', 'c', 'd'].map((key) => claim(key));
		await store.next();
		void first.value?.release();
		const late = claim('e');
		await store.next();
		await store.next();
		await store.next();

		const forgotten = [sent('a'), placed('a'), checked('a')].join(' ');
		expect(store.asked).toEqual([
			`record ${sent('a')}`,
			`record ${['b', 'c', 'd'].map(sent).join(' ')}`,
			`forget ${forgotten}`,
			// Calls under the others may be on their way, so their marks have to stay.
			`record ${['e', 'b', 'c', 'd'].map(sent).join(' ')}`,
		]);
		expect(store.atOnce).toBe(1);
		expect([first, ...others, late].every(({ value }) => value)).toBe(true);
	});

	it('tell in one answer which were used before and which not', async () => {
		const { store, claim } = start();
		for (const mark of [sent('b'), placed('b')]) store.known.add(mark);
		const claims = ['a', 'b', 'c'].map((key) => claim(key));
		await store.next();
		await store.next();
		await store.next();
		expect(store.asked).toEqual([
			`record ${['a', 'b', 'c'].map(sent).join(' ')}`,
			`record ${placed('b')} ${checked('b')}`,
			`forget ${checked('b')}`,
		]);
		expect(claims.map(({ value }) => value !== undefined)).toEqual([true, false, true]);
	});

	it('are held by one call at a time, in the order in which they were asked for', async () => {
		const { store, claim } = start();
		const claims = [1, 2, 3].map(() => claim('a'));
		const given = () => claims.map(({ value }) => value !== undefined);
		await store.next();
		expect(given()).toEqual([true, false, false]);
		expect(store.asked).toEqual([`record ${sent('a')}`]);

		void claims[0]?.value?.release();
		await store.next();
		await store.next();
		expect(given()).toEqual([true, true, false]);

		expect(store.asked).toEqual([
			`record ${sent('a')}`,
			`forget ${sent('a')} ${placed('a')} ${checked('a')}`,
			`record ${sent('a')}`,
		]);
		void claims[1]?.value?.keep();
		await store.all();
		expect(claims[2]).toMatchObject({ value: undefined, at: expect.any(Number) });
	});

	describe('that were sent without an outcome', () => {
		it('are in doubt for the next call of this process', async () => {
			const { store, keys, claim } = start();
			const first = claim('a');
			await store.next();
			void first.value?.leave();
			const next = claim('a');
			await store.all();
			expect(next.value?.before).toBe('in doubt');
			void next.value?.keep();
			await store.all();
			const last = elsewhere(store)('a');
			await store.all();
			expect(last.value).toBe('placed');
			expect(keys.idle).toBe(true);
		});

		it('are in doubt for another process, however often it asks', async () => {
			const { store, claim } = start();
			claim('a');
			await store.next();
			for (let n = 0; n < 3; n++) {
				const other = elsewhere(store)('a');
				await store.all();
				expect(other.value).toBe('in doubt');
				expect([...store.known]).toEqual([sent('a')]);
			}
		});

		/** Lets a process look at a key, and ends it before the store answers one of its queries. */
		const cutOff = async (store: SlowStore, query: number) => {
			elsewhere(store)('a');
			for (let n = 0; n < query; n++) await store.next();
			await store.drop();
		};

		it.each([0, 1, 2])('are in doubt after a crash at query %i of a check', async (query) => {
			const { store, claim } = start();
			claim('a');
			await store.next();
			for (let n = 0; n < 3; n++) {
				await cutOff(store, query);
				const other = elsewhere(store)('a');
				await store.all();
				expect(other.value).toBe('in doubt');
			}
		});

		it.each([0, 1, 2])(
			'stay used when they are placed, after a crash at query %i of a check',
			async (query) => {
				const { store, claim } = start();
				const first = claim('a');
				await store.next();
				void first.value?.keep();
				await store.all();
				await cutOff(store, query);
				const other = elsewhere(store)('a');
				await store.all();
				expect(other.value).toBe(query === 2 ? 'in doubt' : 'placed');
			},
		);

		it('can be placed although a check of them was cut off', async () => {
			const { store, claim } = start();
			const first = claim('a');
			await store.next();
			void first.value?.leave();
			await store.all();
			await cutOff(store, 2);
			const next = claim('a');
			await store.all();
			void next.value?.keep();
			await store.all();
			const other = elsewhere(store)('a');
			await store.all();
			expect(other.value).toBe('placed');
		});
	});

	it('stay with one call at a time also for one that comes while others wait', async () => {
		const { store, claim } = start();
		const [first, second] = [claim('a'), claim('a')];
		await store.next();
		void first?.value?.release();
		await store.all();
		const third = claim('a');
		await store.all();
		expect(second?.value).toMatchObject({ before: 'unused' });
		expect(third.at).toBeUndefined();

		void second?.value?.keep();
		await store.all();
		expect(third).toMatchObject({ value: undefined, at: expect.any(Number) });
	});

	it('are no longer waited for when the signal fires, and go to the next', async () => {
		const { store, claim } = start();
		const stop = new AbortController();
		const first = claim('a');
		const stopped = claim('a', stop.signal);
		const next = claim('a');
		await store.next();
		stop.abort('stopped');
		await settle();
		expect(stopped.reason).toBe('stopped');

		void first.value?.release();
		await store.next();
		await store.next();
		expect(next.value).toBeDefined();
	});

	it('are not asked for once the signal has fired', async () => {
		const { store, keys, claim } = start();
		const claimed = claim('a', AbortSignal.abort('stopped'));
		await settle();
		expect(claimed.reason).toBe('stopped');
		expect(store.asked).toEqual([]);
		expect(keys.idle).toBe(true);
	});

	it('can be asked for again after the store rejected', async () => {
		const { store, keys, claim } = start();
		const failed = ['a', 'b'].map((key) => claim(key));
		const behind = claim('a');
		await store.next(new Error('locked'));
		expect(failed.map(({ reason }) => reason)).toEqual([new Error('locked'), new Error('locked')]);

		await store.next();
		expect(behind.value).toBeDefined();
		void behind.value?.keep();
		const again = claim('b');
		await store.all();
		void again.value?.keep();
		await store.all();
		expect(again.value).toBeDefined();
		expect(keys.idle).toBe(true);
	});

	it('go to the next also when the store cannot forget them, and are in doubt then', async () => {
		const { store, keys, claim } = start();
		const first = claim('a');
		await store.next();
		const release = watch(first.value?.release() ?? Promise.resolve());
		const next = claim('a');
		await store.next(new Error('locked'));
		await store.all();

		expect(release.reason).toEqual(new Error('locked'));
		expect(next.value?.before).toBe('in doubt');
		void next.value?.leave();
		await store.all();
		expect(keys.idle).toBe(true);
	});

	describe('that another process overwrites', () => {
		it('are recorded again with the next ones', async () => {
			const { store, claim } = start();
			const [first] = [claim('a'), claim('b')];
			await store.next();
			void first?.value?.keep();
			await store.next();
			store.known.delete(sent('a'));
			store.known.delete(placed('a'));
			claim('c');
			await store.next();
			expect(store.asked.at(-1)).toBe(
				`record ${[sent('c'), sent('a'), placed('a'), sent('b')].join(' ')}`,
			);
			expect(store.known).toEqual(new Set([...['a', 'b', 'c'].map(sent), placed('a')]));
		});

		it('are recorded again when they are the last ones, until they stay', async () => {
			const { store, keys, claim } = start();
			const first = claim('a');
			await store.next();
			const kept = watch(first.value?.keep() ?? Promise.resolve());
			store.known.delete(sent('a'));
			await store.next();
			store.known.delete(sent('a'));
			await store.all();

			expect(store.known).toEqual(new Set([sent('a'), placed('a')]));
			expect(kept.at).toBeDefined();
			expect(keys.idle).toBe(true);
		});

		it.each([
			['is a duplicate', undefined],
			['was stopped', 'stopped'],
		])('are recorded again also when the last one to want a key %s', async (_, reason) => {
			const { store, keys, claim } = start();
			const stop = new AbortController();
			const first = claim('a');
			const second = claim('a', stop.signal);
			await store.next();
			if (reason !== undefined) stop.abort(reason);
			void first.value?.keep();
			store.known.delete(sent('a'));
			await store.all();

			expect(second.value).toBeUndefined();
			expect(second.reason).toBe(reason);
			expect(store.known).toEqual(new Set([sent('a'), placed('a')]));
			expect(keys.idle).toBe(true);
		});

		it('are recorded again when that process was held up for a while before it wrote', async () => {
			const row: { marks: string[] } = { marks: [] };
			const [own, other] = [new Row(row), new Row(row)];
			const place = async (key: string, keys: Keys, store: KeyStore) => {
				const held = await keys.hold(key, store, never);
				const before = await held.recordSent();
				if (before !== 'placed') await held.recordPlaced();
				await held.release();
				return before;
			};
			other.heldUpMs = 90;
			void place('b', new Keys(), other);
			await pass(5);
			other.heldUpMs = 1;
			const keys = new Keys();
			void place('a', keys, own);
			// The other one has read the row before, and writes it after that.
			await pass(40);
			expect(row.marks).toEqual([sent('a'), placed('a')]);
			await passUntilQuiet();

			expect(row.marks.sort()).toEqual([sent('a'), placed('a'), sent('b'), placed('b')].sort());
			expect(keys.idle).toBe(true);
		});

		it('are not given to another call meanwhile', async () => {
			const { store, claim } = start();
			const [first] = [claim('a'), claim('b')];
			await store.next();
			void first?.value?.keep();
			store.known.delete(sent('a'));
			const second = claim('a');
			await store.all();
			expect(second).toMatchObject({ value: undefined, at: expect.any(Number) });
		});

		it.each([
			['in doubt for one that was sent', 'leave', 'in doubt'],
			['placed for one that was placed', 'keep', undefined],
		] as const)('are not forgotten by this process: %s', async (_, end, expected) => {
			const { store, claim } = start();
			const [first] = [claim('a'), claim('b')];
			await store.next();
			void first?.value?.[end]();
			await store.all();
			store.known.clear();
			const second = claim('a');
			await store.all();
			expect(second.at).toBeDefined();
			expect(second.value?.before).toBe(expected);
		});

		it('are looked for until all marks of a key were there three times in a row', async () => {
			const { store, claim } = start();
			const first = claim('a');
			await store.next();
			void first.value?.keep();
			await store.next();
			// The first look finds one of two marks missing, and the second one neither.
			store.known.delete(placed('a'));
			for (const lost of [placed('a'), sent('a')]) {
				await store.next();
				await pass(100);
				store.known.delete(lost);
			}
			await store.all();
			expect(store.known).toEqual(new Set([sent('a'), placed('a')]));
			const both = `record ${sent('a')} ${placed('a')}`;
			expect(store.asked.slice(1)).toEqual(Array.from({ length: 7 }, () => both));
		});

		it('do not keep a call waiting while the store does not answer to it', async () => {
			const { store, keys, claim } = start();
			const first = claim('a');
			await store.next();
			const kept = watch(first.value?.keep() ?? Promise.resolve());
			for (let n = 0; n < 20; n++) {
				await store.next(new Error('locked'));
				await pass(100);
			}
			expect(kept).toMatchObject({ value: undefined, at: expect.any(Number) });

			const next = claim('b');
			await store.next();
			expect(store.asked.at(-1)).toBe(`record ${sent('b')} ${sent('a')} ${placed('a')}`);
			void next.value?.keep();
			await store.all();
			expect(keys.idle).toBe(true);
		});
	});

	it('are looked for three times and no more when they stay', async () => {
		const { store, claim } = start();
		const [first, second] = [claim('a'), claim('b')];
		await store.next();
		void first?.value?.keep();
		await store.all();
		void second?.value?.keep();
		await store.all();
		const looks = store.asked.slice(3);
		const all = ['a', 'b'].map((key) => `${sent(key)} ${placed(key)}`).join(' ');
		expect(looks).toEqual(Array.from({ length: 3 }, () => `record ${all}`));
	});

	it('are named once in each query', async () => {
		const { store, claim } = start();
		const [first, second] = [claim('a'), claim('b')];
		await store.next();
		void first?.value?.leave();
		await settle();
		claim('a');
		await store.all();
		void second?.value?.keep();
		await store.all();
		const marks = store.asked.map((query) => query.match(/twenty2(-\w+)? \w/g) ?? []);
		expect(marks.map((named) => new Set(named).size)).toEqual(marks.map(({ length }) => length));
	});

	it('are idle only while nothing is under way', async () => {
		const { store, keys, claim } = start();
		expect(keys.idle).toBe(true);
		const first = claim('a');
		expect(keys.idle).toBe(false);
		await store.next();
		expect(keys.idle).toBe(false);
		void first.value?.release();
		await settle();
		expect(keys.idle).toBe(false);
		await store.next();
		expect(keys.idle).toBe(true);
	});
});
