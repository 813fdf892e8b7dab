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

/** Moves the clock on while the executions wait for it. @returns the seconds it moved */
export async function untilDone(
	sandbox: Server,
	executions: Array<Promise<RunningExecution>>,
): Promise<{ runs: Run[]; seconds: number }> {
	const from = performance.now();
	let done = false;
	const runs = Promise.all(executions.map(async (running) => await (await running).finished));
	void runs.finally(() => {
		done = true;
	});
	while (!done) {
		if (!(await requestsCome(sandbox))) vi.advanceTimersByTime(50);
	}
	return { runs: await runs, seconds: (performance.now() - from) / 1_000 };
}
