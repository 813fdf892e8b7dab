import { expect, it } from 'vitest';

import { Changes } from '../../../nodes/Twenty2/policy/changes';
import { pass, settle, useFakeTime, watch } from './fakeTime';

const { signal } = new AbortController();

useFakeTime();

it('whoever waits for changes wakes at the end of its time, where nothing changes', async () => {
	const slept = watch(new Changes().sleep(5_000, signal));
	await pass(4_999);
	expect(slept.at).toBeUndefined();
	await pass(1);
	expect(slept.at).toBe(5_000);
});

it('whoever waits for changes wakes at the first change, with all others that wait', async () => {
	const changes = new Changes();
	const all = [watch(changes.sleep(5_000, signal)), watch(changes.sleep(9_000, signal))];
	await pass(1_000);
	changes.notify();
	await settle();
	expect(all.map(({ at }) => at)).toEqual([1_000, 1_000]);
});

it('whoever waits for changes wakes when its signal fires', async () => {
	const stop = new AbortController();
	const slept = watch(new Changes().sleep(5_000, stop.signal));
	await pass(1_000);
	stop.abort();
	await settle();
	expect(slept.at).toBe(1_000);
});

it('whoever waits for changes finishes work that does not listen, whatever changes', async () => {
	const changes = new Changes();
	let done = false;
	const working = watch(
		changes.within(5_000, signal, async () => {
			await Promise.resolve();
			done = true;
		}),
	);
	changes.notify();
	await settle();
	expect([done, working.at]).toEqual([true, 0]);
});
