/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';

/** In the tests of this file time passes only when told to. */
export function useFakeTime(): void {
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
	});
	afterEach(() => {
		vi.useRealTimers();
	});
}

/** In the tests of this file every wait is the shortest that chance gives. */
export function useShortestWaits(): void {
	beforeEach(() => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
	await setImmediate();
}

export async function pass(ms: number): Promise<void> {
	await vi.advanceTimersByTimeAsync(ms);
	await settle();
}

/** Lets time pass until nothing waits for it any more. */
export async function passUntilQuiet(): Promise<void> {
	await settle();
	while (vi.getTimerCount() > 0) {
		vi.advanceTimersToNextTimer();
		await settle();
	}
}

export interface Watched<T> {
	value?: T;
	reason?: unknown;
	/** When it was settled. */
	at?: number;
}

/** What becomes of a promise, to look at while time stands still. */
export function watch<T>(promise: Promise<T>): Watched<T> {
	const watched: Watched<T> = {};
	promise.then(
		(value) => Object.assign(watched, { value, at: performance.now() }),
		(reason: unknown) => Object.assign(watched, { reason, at: performance.now() }),
	);
	return watched;
}

/** A promise that is settled when told to. */
export function later<T>() {
	let resolve: (value: T) => void = () => undefined;
	let reject: (reason: Error) => void = () => undefined;
	const promise = new Promise<T>((yes, no) => {
		resolve = yes;
		reject = no;
	});
	return { promise, resolve, reject };
}
