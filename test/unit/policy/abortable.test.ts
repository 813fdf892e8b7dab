/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { getEventListeners } from 'node:events';
import pLimit from 'p-limit';
import { describe, expect, it, vi } from 'vitest';

import { acquire, Alarm, sleep } from '../../../nodes/Twenty2/policy/abortable';
import { pass, settle, useFakeTime, watch } from './fakeTime';

describe('Acquiring a unit of a semaphore', () => {
	useFakeTime();

	it('acquire ends for all that one signal stops, and leaves no listener on it', async () => {
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

	it('acquire gives units in order', async () => {
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

	it('acquire takes no unit once the signal has fired, before or while it waits', async () => {
		const semaphore = pLimit(1);
		const stop = new AbortController();
		const release = await acquire(semaphore, new AbortController().signal);
		const waiting = watch(acquire(semaphore, stop.signal));
		stop.abort('stopped');
		const late = watch(acquire(semaphore, stop.signal));
		await settle();
		expect([waiting.reason, late.reason]).toEqual(['stopped', 'stopped']);
		expect(semaphore.pendingCount).toBe(1);

		release();
		await settle();
		expect(semaphore.activeCount + semaphore.pendingCount).toBe(0);
	});

	it('acquire keeps the unit when the signal fires afterwards, until it is released', async () => {
		const semaphore = pLimit(1);
		const stop = new AbortController();
		const release = await acquire(semaphore, stop.signal);
		stop.abort();
		await settle();
		expect(semaphore.activeCount).toBe(1);
		release();
		await settle();
		expect(semaphore.activeCount).toBe(0);
	});
});

describe('Sleeping', () => {
	useFakeTime();

	it('a sleep takes its time', async () => {
		const slept = watch(sleep(1_000, new AbortController().signal));
		await pass(999);
		expect(slept.at).toBeUndefined();
		await pass(1);
		expect(slept).toEqual({ value: undefined, at: 1_000 });
	});

	it('a sleep ends with the reason of the signal, and leaves no timer', async () => {
		const stop = new AbortController();
		const slept = watch(sleep(1_000, stop.signal));
		await pass(300);
		stop.abort('stopped');
		await settle();
		expect(slept).toEqual({ reason: 'stopped', at: 300 });
		expect(vi.getTimerCount()).toBe(0);
	});

	it('a sleep does not begin once the signal has fired', async () => {
		const slept = watch(sleep(1_000, AbortSignal.abort('stopped')));
		expect(vi.getTimerCount()).toBe(0);
		await settle();
		expect(slept).toEqual({ reason: 'stopped', at: 0 });
	});
});

describe('An alarm', () => {
	useFakeTime();

	const makeAlarm = () => {
		const rings: number[] = [];
		const alarm = new Alarm(() => rings.push(performance.now()));
		return { rings, set: (at: number) => alarm.set(at) };
	};

	it('an alarm rings once, at its time', async () => {
		const { rings, set } = makeAlarm();
		set(1_000);
		await pass(10_000);
		expect(rings).toEqual([1_000]);
	});

	it('an alarm rings at once for a time that is over, and never early for half a millisecond', async () => {
		const { rings, set } = makeAlarm();
		await pass(1_000);
		set(400);
		await pass(0);
		set(1_000.5);
		await pass(10_000);
		expect(rings).toEqual([1_000, 1_001]);
	});

	it('an alarm rings at the last time that it was set to', async () => {
		const { rings, set } = makeAlarm();
		set(1_000);
		set(3_000);
		set(2_000);
		await pass(10_000);
		expect(rings).toEqual([2_000]);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('an alarm that is set to the same time again holds one timer', async () => {
		const { set } = makeAlarm();
		set(1_000);
		set(1_000);
		expect(vi.getTimerCount()).toBe(1);
	});

	it('an alarm is switched off by Infinity, and on again by a time', async () => {
		const { rings, set } = makeAlarm();
		set(1_000);
		set(Number.POSITIVE_INFINITY);
		await settle();
		expect(vi.getTimerCount()).toBe(0);
		set(2_000);
		await pass(10_000);
		expect(rings).toEqual([2_000]);
	});

	it('an alarm can be set again to a time at which it has rung', async () => {
		const { rings, set } = makeAlarm();
		set(1_000);
		await pass(1_000);
		set(1_000);
		await pass(0);
		expect(rings).toEqual([1_000, 1_000]);
	});

	it('an alarm can be set for longer than a timer runs, and looks in between', async () => {
		const { rings, set } = makeAlarm();
		set(2 ** 32);
		expect(vi.getTimerCount()).toBe(1);
		await pass(1_000);
		expect(rings).toEqual([]);
		set(Number.POSITIVE_INFINITY);
	});
});
