import { expect, it, vi } from 'vitest';

import { withinTime } from '../../../nodes/Twenty2/api/requestTimeout';
import { later, pass, settle, useFakeTime, watch } from '../policy/fakeTime';

useFakeTime();

/** A request that is answered when told to, and the signal that would cut it. */
const start = (ms: number, stopped?: AbortSignal) => {
	const { promise, ...answer } = later<string>();
	let cut: AbortSignal | undefined;
	const result = watch(
		withinTime(ms, stopped, async (signal) => {
			cut = signal;
			return await promise;
		}),
	);
	return { ...answer, result, isCut: () => cut?.aborted };
};

it('a request with a timeout gives its answer, and leaves no timer behind', async () => {
	const { resolve, result, isCut } = start(1_000);
	await pass(999);
	resolve('the answer');
	await settle();
	expect(result.value).toBe('the answer');
	expect(vi.getTimerCount()).toBe(0);
	expect(isCut()).toBe(false);
});

it('a request with a timeout rejects with what the request rejects with, and leaves no timer behind', async () => {
	const { reject, result } = start(1_000);
	const reason = new Error('socket hang up');
	reject(reason);
	await settle();
	expect(result.reason).toBe(reason);
	expect(vi.getTimerCount()).toBe(0);
});

it('a request with a timeout ends when its time is over, with the code of a timeout, and is cut', async () => {
	const { result, isCut } = start(1_000);
	await pass(999);
	expect([result.reason, isCut()]).toEqual([undefined, false]);
	await pass(1);
	expect(result.reason).toMatchObject({ code: 'ETIMEDOUT' });
	expect(isCut()).toBe(true);
});

it('a request with a timeout is cut by the signal as well', async () => {
	const stopped = new AbortController();
	const { isCut } = start(1_000, stopped.signal);
	stopped.abort();
	expect(isCut()).toBe(true);
});

it('a request with a timeout is cut by the timeout where there is a signal too', async () => {
	const { result, isCut } = start(1_000, new AbortController().signal);
	await pass(1_000);
	expect(result.reason).toMatchObject({ code: 'ETIMEDOUT' });
	expect(isCut()).toBe(true);
});
