import { vi } from 'vitest';

import { Window } from '../../../nodes/Twenty2/policy/window';
import { passUntilQuiet } from './fakeTime';

/** One request: when it comes, how long its answer takes, and when it would stop waiting. */
export interface Arrival {
	at: number;
	answerAfter: number;
	leaveAfter?: number;
}

export interface Scenario {
	limit: number;
	/** In the order of their times. */
	arrivals: Arrival[];
	pauses?: Array<{ at: number; ms: number }>;
	/** Changes of the limit, in the order of their times. */
	limits?: Array<{ at: number; limit: number }>;
}

/** What became of one arrival. Times count from the beginning of the scenario. */
export interface Passage extends Arrival {
	sent?: number;
	answered?: number;
	left?: number;
}

export interface Sent extends Passage {
	sent: number;
	answered: number;
}

export interface Traffic {
	/** By arrival. */
	passages: Passage[];
	/** In the order of sending. */
	sent: Passage[];
	/** Most timers that the window held while nobody waited, and while somebody did. */
	timers: { withoutQueue: number; withQueue: number };
}

/** Plays a scenario against a window until everything is answered and forgotten. */
export async function play(scenario: Scenario): Promise<Traffic> {
	const window = new Window(scenario.limit);
	const begin = performance.now();
	const now = () => performance.now() - begin;

	const passages = scenario.arrivals.map((arrival): Passage => ({ ...arrival }));
	const sent: Passage[] = [];
	const timers = { withoutQueue: 0, withQueue: 0 };
	let ours = 0;
	let waiting = 0;

	const countTimers = () => {
		const kind = waiting === 0 ? 'withoutQueue' : 'withQueue';
		timers[kind] = Math.max(timers[kind], vi.getTimerCount() - ours);
	};
	const after = (ms: number, act: () => void) => {
		ours++;
		setTimeout(() => {
			ours--;
			act();
			queueMicrotask(() => queueMicrotask(() => queueMicrotask(countTimers)));
		}, ms);
	};

	const arrive = async (passage: Passage, signal: AbortSignal) => {
		waiting++;
		try {
			const arrived = await window.enter(signal);
			waiting--;
			passage.sent = now();
			sent.push(passage);
			after(passage.answerAfter, () => {
				passage.answered = now();
				arrived();
			});
		} catch {
			waiting--;
			passage.left = now();
		}
	};

	for (const passage of passages) {
		const leaving = new AbortController();
		after(passage.at, () => void arrive(passage, leaving.signal));
		if (passage.leaveAfter !== undefined) {
			after(passage.at + passage.leaveAfter, () => leaving.abort());
		}
	}
	for (const { at, ms } of scenario.pauses ?? []) {
		after(at, () => window.pause(ms, new Error('paused')));
	}
	for (const { at, limit } of scenario.limits ?? []) after(at, () => window.allow(limit));

	await passUntilQuiet();
	return { passages, sent, timers };
}

/** Every request that was sent; in a played scenario all of them have been answered. */
export function wasSent(passage: Passage): passage is Sent {
	return passage.sent !== undefined && passage.answered !== undefined;
}
