/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import FakeTimers from '@sinonjs/fake-timers';
import { setImmediate as turn } from 'node:timers/promises';

import { seeded } from './seeded';

/** Not the start of a minute, where all ways of counting are the same. */
const STARTS_AT_MS = 17_000;

/**
 * Runs `play` in virtual time with seeded random numbers. One at a time: clock and `Math.random` are
 * the process's own.
 * @throws what `play` rejects with, or an error when nothing is left that could end it
 */
export async function inVirtualTime<T>(seed: number, play: () => Promise<T>): Promise<T> {
	const clock = FakeTimers.install({
		now: STARTS_AT_MS,
		toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'],
	});
	const { random } = Math;
	Math.random = seeded(seed);
	try {
		let ended = false;
		const played = play().finally(() => {
			ended = true;
		});
		// The failure is rethrown below; until then it is not unhandled.
		played.catch(() => undefined);
		for (;;) {
			await turn();
			if (ended) return await played;
			if (clock.countTimers() === 0) throw new Error('The simulation waits for nothing');
			clock.next();
		}
	} finally {
		Math.random = random;
		clock.uninstall();
	}
}

/** Lets virtual time pass, in milliseconds. */
export async function pass(ms: number): Promise<void> {
	await new Promise<void>((resolve) => {
		setTimeout(resolve, ms);
	});
}
