import { getEventListeners } from 'node:events';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';

import { take } from '../../../nodes/Twenty2/policy/abortable';
import { settle, useFakeTime, watch } from './fakeTime';

describe('Waiting for a place', () => {
	useFakeTime();

	it('ends for all that one signal stops, and leaves no listener on it', async () => {
		const places = pLimit(1);
		const stop = new AbortController();
		await take(places, stop.signal);
		const waiting = Array.from({ length: 30 }, () => watch(take(places, stop.signal)));
		await settle();
		expect(getEventListeners(stop.signal, 'abort')).toEqual([]);

		stop.abort('stopped');
		await settle();
		expect(waiting.map(({ reason }) => reason)).toEqual(waiting.map(() => 'stopped'));
	});

	it('goes in order', async () => {
		const places = pLimit(1);
		const { signal } = new AbortController();
		const leave = await take(places, signal);
		const [next, last] = [watch(take(places, signal)), watch(take(places, signal))];
		await settle();
		expect([next?.at, last?.at]).toEqual([undefined, undefined]);
		leave();
		await settle();
		expect([next?.at, last?.at]).toEqual([0, undefined]);
	});
});
