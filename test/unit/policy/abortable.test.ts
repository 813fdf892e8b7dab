/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { getEventListeners } from 'node:events';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';

import { acquire } from '../../../nodes/Twenty2/policy/abortable';
import { settle, useFakeTime, watch } from './fakeTime';

describe('Acquiring a unit of a semaphore', () => {
	useFakeTime();

	it('ends for all that one signal stops, and leaves no listener on it', async () => {
		const semaphore = pLimit(1);
		const stop = new AbortController();
		await acquire(semaphore, stop.signal);
		const waiting = Array.from({ length: 30 }, () => watch(acquire(semaphore, stop.signal)));
		await settle();
		expect(getEventListeners(stop.signal, 'abort')).toEqual([]);

		stop.abort('stopped');
		await settle();
		expect(waiting.map(({ reason }) => reason)).toEqual(waiting.map(() => 'stopped'));
	});

	it('goes in order', async () => {
		const semaphore = pLimit(1);
		const { signal } = new AbortController();
		const release = await acquire(semaphore, signal);
		const [next, last] = [watch(acquire(semaphore, signal)), watch(acquire(semaphore, signal))];
		await settle();
		expect([next?.at, last?.at]).toEqual([undefined, undefined]);
		release();
		await settle();
		expect([next?.at, last?.at]).toEqual([0, undefined]);
	});
});
