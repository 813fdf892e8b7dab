import FakeTimers from '@sinonjs/fake-timers';
import { setImmediate as turn } from 'node:timers/promises';
import pLimit from 'p-limit';

import { attempt, type Verdict } from '../../nodes/Twenty2/policy/retry';
import { Budget } from '../../nodes/Twenty2/policy/budget';
import { documentedLimits, slidingWindow, type Counting } from '../../sandbox';
import { seeded } from './seeded';

/** A process with a key that others use too. */
export interface Worker {
	/** Calls it has to place. */
	leads: number;
	/** In seconds. */
	startsAt?: number;
}

export interface Scenario {
	workers: Worker[];
	/** The same seed gives the same outcome. */
	seed: number;
	counting?: Counting;
	/** Whether refused requests fill Twenty2's window too. */
	countRefused?: boolean;
	/** Whether a refusal says how long to wait. */
	retryAfter?: boolean;
	/** Creates are refused while so many calls are going on; each lasts so long. */
	live?: { calls: number; seconds: number };
	/** Ends everything after so many seconds. */
	until?: number;
	/** How long a request takes there, and an answer back, in milliseconds. */
	network?: { least: number; most: number };
}

export interface WorkerOutcome {
	placed: number;
	/** Leads that were refused for longer than a request is patient. */
	gaveUp: number;
	/** When the last call was placed, in seconds. */
	doneAt: number;
	/** The longest time without a call placed, in seconds. */
	longestDrought: number;
}

export interface Outcome {
	workers: WorkerOutcome[];
	placed: number;
	requests: number;
	/** Requests answered "too many requests". */
	refused: number;
	/** When the last call was placed, in seconds. */
	seconds: number;
}

class TooManyRequests extends Error {
	constructor(readonly retryAfterMs: number) {
		super('Too many requests');
	}
}

const patience = { maxRetries: 3, giveUpAfterMs: 300_000 };
const limits = { requestsPerMinute: 60, concurrentCalls: 3 };

const judge = (rejection: Error): Verdict =>
	rejection instanceof TooManyRequests
		? { again: 'when allowed', waitMs: rejection.retryAfterMs }
		: { again: 'never' };

/** Plays a scenario with the node's own policy in virtual time. */
export async function simulate(scenario: Scenario): Promise<Outcome> {
	// Not from the start of a minute, where all ways of counting are the same.
	const clock = FakeTimers.install({ now: 17_000, toFake: ['setTimeout', 'performance', 'Date'] });
	const { random } = Math;
	Math.random = seeded(scenario.seed);
	try {
		let outcome: Outcome | undefined;
		void play(scenario).then((is) => {
			outcome = is;
		});
		for (;;) {
			await turn();
			if (outcome) return outcome;
			clock.next();
		}
	} finally {
		Math.random = random;
		clock.uninstall();
	}
}

async function play(scenario: Scenario): Promise<Outcome> {
	const begin = performance.now();
	const seconds = () => (performance.now() - begin) / 1_000;
	const over = new AbortController();
	const twenty2 = new Twenty2(scenario);

	const work = async ({ leads, startsAt = 0 }: Worker): Promise<WorkerOutcome> => {
		await pass(startsAt * 1_000);
		const { creates } = new Budget(limits).open();
		const times = [seconds()];
		let gaveUp = 0;
		const phone = async () => {
			if (over.signal.aborted) return;
			const call = { what: 'Call', send: async () => await twenty2.create(), judge };
			await attempt(call, patience, creates, over.signal).then(
				() => times.push(seconds()),
				() => {
					if (!over.signal.aborted) gaveUp++;
				},
			);
		};
		await pLimit(limits.concurrentCalls).map(Array.from({ length: leads }), phone);
		const placed = times.length - 1;
		const doneAt = times.at(-1) ?? 0;
		if (placed < leads) times.push(seconds());
		const droughts = times.slice(1).map((time, i) => time - (times[i] ?? 0));
		return { placed, gaveUp, doneAt, longestDrought: Math.max(0, ...droughts) };
	};

	if (scenario.until !== undefined) setTimeout(() => over.abort(), scenario.until * 1_000);
	const workers = await Promise.all(scenario.workers.map(work));
	const { requests, refused } = twenty2;
	return {
		workers,
		placed: workers.reduce((sum, { placed }) => sum + placed, 0),
		requests,
		refused,
		seconds: Math.max(...workers.map(({ doneAt }) => doneAt)),
	};
}

/** The sandbox's rules without its server: nothing of HTTP matters here. */
class Twenty2 {
	requests = 0;

	refused = 0;

	private readonly rule;

	private endings: number[] = [];

	constructor(private readonly scenario: Scenario) {
		const { counting = slidingWindow, countRefused = false } = scenario;
		this.rule = counting({ ...documentedLimits, countRefused });
	}

	async create(): Promise<void> {
		await this.travel();
		const waitMs = this.arrive(Date.now());
		await this.travel();
		if (waitMs > 0) throw new TooManyRequests(this.scenario.retryAfter ? waitMs : 0);
	}

	private arrive(now: number): number {
		this.requests++;
		const waitMs = this.rule.arrive(now) || this.placeCall(now);
		if (waitMs > 0) this.refused++;
		return waitMs;
	}

	private placeCall(now: number): number {
		const { live } = this.scenario;
		if (!live) return 0;
		this.endings = this.endings.filter((end) => end > now);
		if (this.endings.length >= live.calls) return Math.min(...this.endings) - now;
		this.endings.push(now + live.seconds * 1_000);
		return 0;
	}

	private async travel(): Promise<void> {
		const { least, most } = this.scenario.network ?? { least: 10, most: 100 };
		await pass(least + Math.random() * (most - least));
	}
}

async function pass(ms: number): Promise<void> {
	await new Promise<void>((resolve) => {
		setTimeout(resolve, ms);
	});
}
