import * as workflow from 'n8n-workflow';
import type { LimitFunction } from 'p-limit';

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** n8n 1 ignores the signal in `sleep` and has `sleepWithAbort` for it, which n8n 2 has no longer. */
const {
	sleep: sleepOnN8n2,
	sleepWithAbort = sleepOnN8n2,
}: { sleep: Sleep; sleepWithAbort?: Sleep } = workflow;

/** The longest that a timer can run. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A signal that fires with another one. Node warns of a leak when one signal has many listeners, and
 * all items of a run share one signal.
 */
export const derivedSignal = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal]);

/**
 * Sleeps, or stops sleeping when the signal fires. Community nodes may not use timers of their own
 * (n8n's verification rules).
 * @param ms milliseconds; after 2^31 - 1 it wakes early
 * @throws the signal's reason
 */
export async function sleep(ms: number, stopped: AbortSignal): Promise<void> {
	stopped.throwIfAborted();
	const signal = derivedSignal(stopped);
	const whole = Math.ceil(Math.min(ms, LONGEST_TIMER_MS));
	await new Promise<void>((resolve, reject) => {
		const stop = () => reject(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
		sleepWithAbort(whole, signal).then(
			() => {
				signal.removeEventListener('abort', stop);
				resolve();
			},
			() => undefined,
		);
	});
}

/**
 * Acquires one unit of a semaphore.
 * @param stopped ends the waiting
 * @returns releases it
 * @throws the signal's reason
 */
export async function acquire(semaphore: LimitFunction, stopped: AbortSignal): Promise<() => void> {
	stopped.throwIfAborted();
	const signal = derivedSignal(stopped);
	return await new Promise((resolve, reject) => {
		const stop = () => reject(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
		void semaphore(async () => {
			signal.removeEventListener('abort', stop);
			if (!signal.aborted) await new Promise<void>((release) => resolve(release));
		});
	});
}

/** Calls back once, at a time that can be changed until then. */
export class Alarm {
	private pending: { at: number; off: AbortController } | undefined;

	constructor(private readonly ring: () => void) {}

	/** @param at a time of `performance.now()`; Infinity switches the alarm off */
	set(at: number): void {
		if (this.pending?.at === at) return;
		this.pending?.off.abort();
		this.pending = undefined;
		if (at === Number.POSITIVE_INFINITY) return;

		const off = new AbortController();
		this.pending = { at, off };
		void sleep(Math.max(at - performance.now(), 0), off.signal).then(
			() => {
				this.pending = undefined;
				this.ring();
			},
			() => undefined,
		);
	}
}
