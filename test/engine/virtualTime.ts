/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { afterEach, beforeEach, vi } from 'vitest';

import type { Run, RunningExecution } from './engine';

/** Who sees requests come: a sandbox, or what stands before one. */
interface Server {
	seen: { requests: readonly unknown[] };
}

/** In Twenty2's calling hours, and far from their end. */
const NOON_IN_INDIA = Date.UTC(2026, 4, 22, 6, 30);

/** The clock stands still unless it is moved; the network is real and does not notice. */
export function useVirtualTime(): void {
	beforeEach(() => {
		const toFake = ['setTimeout', 'clearTimeout', 'performance', 'Date'] as const;
		vi.useFakeTimers({ now: NOON_IN_INDIA, toFake: [...toFake] });
	});
	afterEach(() => {
		vi.useRealTimers();
	});
}

/** Gives the network its turn, without a moment passing. @returns whether requests have come */
async function requestsCome({ seen }: Server): Promise<boolean> {
	const before = seen.requests.length;
	for (let i = 0; i < 20; i++) await new Promise(setImmediate);
	return seen.requests.length > before;
}

/** Lets requests that are on their way be answered, without a moment passing. */
export async function settle(sandbox: Server): Promise<void> {
	while (await requestsCome(sandbox));
}

/** Moves the clock on until something has come to its end. @returns it, and the seconds the clock moved */
export async function untilSettled<T>(
	server: Server,
	going: Promise<T>,
): Promise<{ result: T; seconds: number }> {
	const from = performance.now();
	let done = false;
	void going.catch(() => undefined).finally(() => (done = true));
	while (!done) {
		if (!(await requestsCome(server))) vi.advanceTimersByTime(50);
	}
	return { result: await going, seconds: (performance.now() - from) / 1_000 };
}

/** Moves the clock on while the executions wait for it. @returns the seconds it moved */
export async function untilDone(
	server: Server,
	executions: Array<Promise<RunningExecution>>,
): Promise<{ runs: Run[]; seconds: number }> {
	const going = Promise.all(executions.map(async (running) => await (await running).finished));
	const { result: runs, seconds } = await untilSettled(server, going);
	return { runs, seconds };
}

/** Moves the clock on while an execution waits for it. */
export async function runUntilDone(
	server: Server,
	execution: Promise<RunningExecution>,
): Promise<Run> {
	const { result } = await untilSettled(
		server,
		execution.then(async ({ finished }) => await finished),
	);
	return result;
}
