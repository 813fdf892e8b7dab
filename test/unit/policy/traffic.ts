/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { vi } from 'vitest';

import { RateLimiter } from '../../../nodes/Twenty2/policy/rateLimiter';
import type { About } from '../../../nodes/Twenty2/policy/shortage';
import { passUntilQuiet } from './fakeTime';
import { answered as ok, permitOf, rateLimited } from './outcomes';

/** One request: when it comes, how long its answers take, and when it would stop waiting. */
export interface Arrival {
	at: number;
	answerAfter: number;
	leaveAfter?: number;
	/** For how long it is refused each time, before it is accepted. */
	refusals?: number[];
	/** What its refusals may be about. */
	about?: About;
}

export interface Scenario {
	limit: number;
	/** In the order of their times. */
	arrivals: Arrival[];
	/** Changes of the limit, in the order of their times. */
	limits?: Array<{ at: number; limit: number }>;
	/** What chance gives, in eighths, because fake timers know whole milliseconds only. */
	chance?: number;
}

/** One sending of a request and its answer; `refusedFor` is missing when it was accepted. */
export interface Sending {
	sent: number;
	answered: number;
	refusedFor?: number;
}

/** What became of one arrival. Times count from the beginning of the scenario. */
export interface Passage extends Arrival {
	sendings: Sending[];
	left?: number;
}

export interface Traffic {
	/** By arrival. */
	passages: Passage[];
	/** In the order of sending, once more each time it was repeated. */
	sent: Passage[];
	/** Most timers that the limiter held while nobody waited, and while somebody did. */
	timers: { withoutQueue: number; withQueue: number };
}

/** Plays a scenario against a rate limiter until everything is answered and forgotten. */
export async function play(scenario: Scenario): Promise<Traffic> {
	const chance = vi.spyOn(Math, 'random').mockReturnValue((scenario.chance ?? 0) / 8);
	const limiter = new RateLimiter(scenario.limit);
	const begin = performance.now();
	const now = () => performance.now() - begin;

	const passages = scenario.arrivals.map((arrival): Passage => ({ ...arrival, sendings: [] }));
	const sent: Passage[] = [];
	const timers = { withoutQueue: 0, withQueue: 0 };
	let ours = 0;
	let waiting = 0;

	const countTimers = () => {
		const when = waiting === 0 ? 'withoutQueue' : 'withQueue';
		timers[when] = Math.max(timers[when], vi.getTimerCount() - ours);
	};
	const after = (ms: number, act: () => void) => {
		ours++;
		setTimeout(() => {
			ours--;
			act();
			queueMicrotask(() => queueMicrotask(() => queueMicrotask(countTimers)));
		}, ms);
	};

	const sendOnce = async (passage: Passage, signal: AbortSignal): Promise<boolean> => {
		const { answerAfter, refusals = [], about = 'requests', sendings } = passage;
		const first = sendings.length > 0;
		waiting++;
		const permit = await permitOf(limiter, { signal, first }).finally(() => waiting--);
		const from = now();
		const refusedFor = refusals[sendings.length];
		sent.push(passage);
		return await new Promise((answered) => {
			after(answerAfter, () => {
				sendings.push({ sent: from, answered: now(), refusedFor });
				if (refusedFor === undefined) permit.settle(ok);
				else permit.settle(rateLimited(refusedFor), about);
				answered(refusedFor === undefined);
			});
		});
	};

	const arrive = async (passage: Passage, signal: AbortSignal) => {
		try {
			while (!(await sendOnce(passage, signal)));
		} catch {
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
	for (const { at, limit } of scenario.limits ?? []) after(at, () => limiter.allow(limit));

	await passUntilQuiet();
	chance.mockRestore();
	return { passages, sent, timers };
}

/** Whether it was answered with something else than a refusal. */
export const wasAccepted = ({ sendings }: Passage): boolean =>
	sendings.some(({ refusedFor }) => refusedFor === undefined);
