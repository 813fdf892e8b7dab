import { expect, it } from 'vitest';

import { UsedKeys } from '../../../nodes/Twenty2/policy/usedKeys';
import { alone, MemoryStore } from './memoryStore';

const KEY = 'asha@example.com';

function newKeys() {
	const store = new MemoryStore();
	return { store, keys: new UsedKeys(alone(store)) };
}

it('a deduplication key that nobody has used is claimed once', async () => {
	const { keys } = newKeys();
	expect(await keys.claim(KEY)).toBe('unused');
	expect(await keys.claim(KEY)).toBe('being placed');
	expect(await keys.claim(KEY)).toBe('being placed');
});

it('a deduplication key whose call was placed stays so, however often it is asked for', async () => {
	const { keys } = newKeys();
	await keys.claim(KEY);
	await keys.placed(KEY);
	expect([await keys.claim(KEY), await keys.claim(KEY, true)]).toEqual(['placed', 'placed']);
});

it('a deduplication key whose call was certainly not placed is unused again', async () => {
	const { keys, store } = newKeys();
	await keys.claim(KEY);
	await keys.release(KEY);
	expect(store.database.marks).toEqual([]);
	expect(await keys.claim(KEY)).toBe('unused');
});

it('a deduplication key without an outcome is in doubt until somebody claims it even so', async () => {
	const { keys } = newKeys();
	await keys.claim(KEY);
	await keys.leaveInDoubt(KEY);
	expect([await keys.claim(KEY), await keys.claim(KEY)]).toEqual(['in doubt', 'in doubt']);
	expect(await keys.claim(KEY, true)).toBe('unused');
	expect(await keys.claim(KEY, true)).toBe('being placed');
	await keys.placed(KEY);
	expect(await keys.claim(KEY)).toBe('placed');
});

it.each(['unused', 'being placed', 'in doubt', 'placed'])(
	'a deduplication key that is %s stays so when its state is asked for, for all that claim it at the same time',
	async (before) => {
		const { keys } = newKeys();
		if (before !== 'unused') await keys.claim(KEY);
		if (before === 'placed') await keys.placed(KEY);
		if (before === 'in doubt') await keys.leaveInDoubt(KEY);
		const asked = [keys.stateOf(KEY), keys.stateOf(KEY), keys.claim(KEY)];
		expect(await Promise.all(asked)).toEqual([before, before, before]);
	},
);

it('a deduplication key is not another key', async () => {
	const { keys } = newKeys();
	await keys.claim(KEY);
	expect(await keys.claim('ravi@example.com')).toBe('unused');
});

it('a deduplication key is recorded again where another node of the workflow has overwritten it meanwhile', async () => {
	const { keys, store } = newKeys();
	await keys.claim(KEY);
	store.database.marks = [];
	await keys.placed(KEY);
	expect(await keys.claim(KEY)).toBe('placed');
});

it.each([0, 1, 2, 3])(
	'a deduplication key never becomes less doubtful by a claim that a crash cuts off after %i writes',
	async (writes) => {
		const order = ['unused', 'placed', 'being placed', 'in doubt'];
		for (const before of order) {
			const { keys, store } = newKeys();
			if (before !== 'unused') await keys.claim(KEY);
			if (before === 'placed') await keys.placed(KEY);
			if (before === 'in doubt') await keys.leaveInDoubt(KEY);
			let left = writes;
			store.pause = async () => {
				if (left-- <= 0) await new Promise(() => undefined);
			};
			void keys.claim(KEY);
			for (let turn = 0; turn < 50; turn++) await Promise.resolve();
			store.pause = async () => await Promise.resolve();
			const after = await new UsedKeys(alone(store)).claim(KEY);
			expect(order.indexOf(after), before).toBeGreaterThanOrEqual(order.indexOf(before));
		}
	},
);
