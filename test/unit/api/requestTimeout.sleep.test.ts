import { afterEach, describe, expect, it, vi } from 'vitest';

import { sleep } from '../../../nodes/Twenty2/api/requestTimeout';
import { pass, settle, useFakeTime, watch } from '../policy/fakeTime';

describe('sleep', () => {
	useFakeTime();

	it('ends after its time', async () => {
		const slept = watch(sleep(1_000, new AbortController().signal));
		await pass(999);
		expect(slept.at).toBeUndefined();
		await pass(1);
		expect(slept).toMatchObject({ value: undefined });
		expect(slept.at).toBeDefined();
	});

	it('ends at once when the signal fires, and leaves no timer behind', async () => {
		const stop = new AbortController();
		const slept = watch(sleep(1_000, stop.signal));
		stop.abort();
		await settle();
		expect(slept.reason).toBeInstanceOf(Error);
		expect(vi.getTimerCount()).toBe(0);
	});
});

describe('sleep, of what n8n has for it', () => {
	afterEach(() => {
		vi.doUnmock('n8n-workflow');
		vi.resetModules();
	});

	it.each([
		['n8n 1 the one that heeds the signal', { sleep: 'deaf', sleepWithAbort: 'heeding' }],
		['n8n 2 the only one', { sleep: 'heeding', sleepWithAbort: undefined }],
	])('sleep takes %s in what n8n has for it', async (_, functions) => {
		const taken: unknown[] = [];
		const named = (name: string | undefined) =>
			name && (async (...given: unknown[]) => void taken.push(name, ...given));
		vi.resetModules();
		vi.doMock('n8n-workflow', () => ({
			sleep: named(functions.sleep),
			sleepWithAbort: named(functions.sleepWithAbort),
		}));
		const fresh = await import('../../../nodes/Twenty2/api/requestTimeout');
		const { signal } = new AbortController();
		await fresh.sleep(7, signal);
		expect(taken).toEqual(['heeding', 7, signal]);
	});
});
