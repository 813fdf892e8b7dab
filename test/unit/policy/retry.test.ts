/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { maxRetries } from '../../../nodes/Twenty2/operations/fields/options';
import { sleep } from '../../../nodes/Twenty2/policy/abortable';
import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { backoffMs, type Patience, type Verdict } from '../../../nodes/Twenty2/policy/retry';
import { later, pass, passUntilQuiet, settle, useFakeTime, watch } from './fakeTime';
import { answered, rateLimited } from './outcomes';
import { hold, Opened, opened, request, through } from './requests';

class Refusal extends Error {
	constructor(readonly verdict: Verdict) {
		super(verdict.outcome.is);
	}
}

const trouble = () => new Refusal({ outcome: answered, again: true });
const tooMany = (retryAfterMs = 0, unsent?: Error): Refusal => {
	const outcome = rateLimited(retryAfterMs, unsent);
	const refusal = new Refusal({ outcome, again: true });
	if (!unsent) outcome.unsent = refusal;
	return refusal;
};
const final = () => new Refusal({ outcome: answered, again: false });

const verdictOn = (rejection: Error): Verdict =>
	rejection instanceof Refusal ? rejection.verdict : { outcome: answered, again: true };

const patient: Patience = { maxRetries: 3, giveUpAfterMs: 300_000 };

interface Server {
	send: () => Promise<string>;
	/** When each attempt was sent. */
	sentAt: number[];
}

/** Gives the answers one after the other, and the last one from then on. */
function server(...answers: Array<Error | string>): Server {
	const sentAt: number[] = [];
	const send = async () => {
		sentAt.push(performance.now());
		const answer = answers[Math.min(sentAt.length, answers.length) - 1] ?? 'OK';
		if (answer instanceof Error) throw answer;
		return answer;
	};
	return { send, sentAt };
}

interface Circumstances extends Patience {
	budget: Budget;
	signal: AbortSignal;
}

/** The budget of a key with this many requests a minute, and lines enough. */
const keyWith = (requestsPerMinute: number) =>
	new Budget({ requestsPerMinute, concurrentCalls: 1_000 });

function start(twenty2: Server, given: Partial<Circumstances> = {}) {
	const { budget = keyWith(1_000), signal, ...rest } = given;
	const { maxRetries, giveUpAfterMs } = { ...patient, ...rest };
	const sent = request(twenty2.send, { verdictOn, giveUpAfterMs, ...(signal && { signal }) });
	return watch(through(opened(budget).creates, sent, maxRetries));
}

const gaps = (times: number[]) => times.slice(1).map((time, i) => time - (times[i] ?? 0));

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('A request', () => {
	useFakeTime();

	// Jitter in eighths, because fake timers know whole milliseconds only.
	beforeEach(() => {
		let drawn = 0;
		vi.spyOn(Math, 'random').mockImplementation(() => (drawn++ % 8) / 8);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('a request gives the answer back and sends once', async () => {
		const twenty2 = server('answer');
		const result = start(twenty2);
		await settle();
		expect(result).toEqual({ value: 'answer', at: 0 });
		expect(twenty2.sentAt).toEqual([0]);
	});

	it('a request sends again until it is answered, and gives that answer back', async () => {
		const twenty2 = server(trouble(), trouble(), 'answer');
		const result = start(twenty2);
		await passUntilQuiet();
		expect(result.value).toBe('answer');
		expect(twenty2.sentAt).toHaveLength(3);
	});

	it.each([0, 1, 3])(
		'a request repeats %i times after trouble of the server',
		async (maxRetries) => {
			const last = trouble();
			const twenty2 = server(...times(maxRetries, trouble), last, 'too late');
			const result = start(twenty2, { maxRetries });
			await passUntilQuiet();
			expect(result.reason).toBe(last);
			expect(twenty2.sentAt).toHaveLength(maxRetries + 1);
			expect(result.at).toBe(twenty2.sentAt.at(-1));
		},
	);

	it('a request pauses 1, 2 and 4 seconds, or up to twice that', async () => {
		const servers = times(50, () => server(trouble()));
		servers.forEach((one) => start(one));
		await passUntilQuiet();
		const firstPauses = servers.map(({ sentAt }) => gaps(sentAt)[0]);
		expect(new Set(firstPauses).size).toBeGreaterThan(1);
		for (const { sentAt } of servers) {
			expect(sentAt).toHaveLength(4);
			gaps(sentAt).forEach((pause, i) => {
				expect(pause).toBeGreaterThanOrEqual(1_000 * 2 ** i);
				expect(pause).toBeLessThanOrEqual(2_000 * 2 ** i);
			});
		}
	});

	it('a request retries for a minute by default, also where chance makes each backoff short', async () => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
		const twenty2 = server(trouble());
		start(twenty2, { maxRetries: Number(maxRetries.default) });
		await passUntilQuiet();
		expect(gaps(twenty2.sentAt)).toEqual([1, 2, 4, 8, 16, 30].map((seconds) => seconds * 1_000));
		expect((twenty2.sentAt.at(-1) ?? 0) - (twenty2.sentAt[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
	});

	it('a request lets others have its line while it pauses after trouble', async () => {
		const budget = new Budget({ requestsPerMinute: 60, concurrentCalls: 1 });
		start(server(trouble()), { budget });
		await settle();
		const other = server('answer');
		start(other, { budget });
		await settle();
		expect(other.sentAt).toEqual([0]);
	});

	it('a request never repeats what is final', async () => {
		const refusal = final();
		const twenty2 = server(refusal, 'too late');
		const result = start(twenty2);
		await passUntilQuiet();
		expect(result).toEqual({ reason: refusal, at: 0 });
		expect(twenty2.sentAt).toHaveLength(1);
	});

	it('a request never repeats after a mistake in the program', async () => {
		const mistake = new TypeError('x is not a function');
		const twenty2 = server(mistake, 'too late');
		const result = start(twenty2);
		await passUntilQuiet();
		expect(result).toEqual({ reason: mistake, at: 0 });
		expect(twenty2.sentAt).toHaveLength(1);
	});

	describe('prepares an attempt', () => {
		const prepared = (prepare: () => Promise<void>, budget: Budget, twenty2: Server) => {
			const sent = request(twenty2.send, { ...patient, prepare, verdictOn });
			return watch(through(opened(budget).creates, sent, patient.maxRetries));
		};

		it('a request prepares an attempt once it is permitted, and sends it afterwards', async () => {
			const budget = keyWith(1);
			start(server('answer'), { budget });
			await settle();
			const ready = later<void>();
			let preparedAt: number | undefined;
			const twenty2 = server('answer');
			prepared(
				async () => {
					preparedAt = performance.now();
					await ready.promise;
				},
				budget,
				twenty2,
			);
			await pass(60_000);
			expect(preparedAt).toBe(60_000);
			expect(twenty2.sentAt).toEqual([]);
			ready.resolve();
			await settle();
			expect(twenty2.sentAt).toEqual([60_000]);
		});

		it('a request that is prepared and not sent is not retried, and another request has its permit', async () => {
			const budget = keyWith(1);
			const used = trouble();
			const twenty2 = server('too late');
			const result = prepared(async () => await Promise.reject(used), budget, twenty2);
			await settle();
			const other = server('answer');
			start(other, { budget });
			await passUntilQuiet();
			expect(result).toEqual({ reason: used, at: 0 });
			expect(twenty2.sentAt).toEqual([]);
			expect(other.sentAt).toEqual([0]);
		});

		it('a probe that is prepared and not sent goes later', async () => {
			const budget = keyWith(60);
			const first = server(tooMany(), 'answer');
			start(first, { budget, giveUpAfterMs: 0 });
			await settle();
			prepared(async () => await Promise.reject(final()), budget, server('too late'));
			const other = server('answer');
			start(other, { budget });
			await passUntilQuiet();
			expect(other.sentAt).toHaveLength(1);
			expect(other.sentAt[0]).toBeLessThan(3_000);
		});
	});

	it('a request acquires a permit for every attempt', async () => {
		const budget = keyWith(2);
		const twenty2 = server(trouble(), trouble(), 'answer');
		const result = start(twenty2, { budget });
		await pass(59_999);
		expect(twenty2.sentAt).toHaveLength(2);
		await passUntilQuiet();
		expect(twenty2.sentAt[2]).toBe(60_000);
		expect(result.value).toBe('answer');
		await pass(60_000 * 2);
		expect(budget.idle).toBe(true);
	});

	describe('after "too many requests"', () => {
		it('a request waits after a 429 for a second at least where Twenty2 says nothing', async () => {
			const servers = times(50, () => server(...times(4, tooMany), 'answer'));
			servers.forEach((one) => start(one));
			await passUntilQuiet();
			for (const { sentAt } of servers) {
				expect(sentAt).toHaveLength(5);
				gaps(sentAt).forEach((pause) => expect(pause).toBeGreaterThanOrEqual(1_000));
			}
		});

		it('a request waits after a 429 at least as long as Twenty2 says', async () => {
			const twenty2 = server(tooMany(20_000), 'answer');
			const result = start(twenty2);
			await pass(19_999);
			expect(twenty2.sentAt).toHaveLength(1);
			await pass(1);
			expect(twenty2.sentAt).toEqual([0, 20_000]);
			expect(result.value).toBe('answer');
		});

		it('a request waits after a 429 for a second at least where Twenty2 says less', async () => {
			const twenty2 = server(tooMany(1), 'answer');
			start(twenty2);
			await pass(999);
			expect(twenty2.sentAt).toHaveLength(1);
			await passUntilQuiet();
			expect(twenty2.sentAt).toHaveLength(2);
		});

		it('a request does not count a 429 among its retries', async () => {
			const last = trouble();
			const answers = [...times(3, tooMany), trouble(), tooMany(), trouble(), last];
			const twenty2 = server(...answers, 'too late');
			const result = start(twenty2, { maxRetries: 2 });
			await passUntilQuiet();
			expect(result.reason).toBe(last);
			expect(twenty2.sentAt).toHaveLength(answers.length);
		});

		it('a request tries again after a 429 even when nothing else is retried', async () => {
			const twenty2 = server(tooMany(), 'answer');
			const result = start(twenty2, { maxRetries: 0 });
			await passUntilQuiet();
			expect(result.value).toBe('answer');
		});

		it('a request keeps trying after a 429 until its patience is over, and not longer', async () => {
			const twenty2 = server(tooMany(7_000));
			const result = start(twenty2, { giveUpAfterMs: 60_000 });
			await passUntilQuiet();
			expect(result.reason).toBeInstanceOf(Refusal);
			expect(result.at).toBe(twenty2.sentAt.at(-1));
			expect(twenty2.sentAt.length).toBeGreaterThanOrEqual(3);
			expect(result.at).toBeLessThanOrEqual(60_000);
			// The next pause, of little more than 30 seconds at most, would have led beyond.
			expect(result.at).toBeGreaterThan(60_000 - 32_000);
		});

		it('a request measures its patience from the first 429', async () => {
			const twenty2 = server(trouble(), trouble(), trouble(), tooMany(5_000), 'answer');
			const result = start(twenty2, { giveUpAfterMs: 5_000 });
			await passUntilQuiet();
			expect(result.value).toBe('answer');
		});

		it('a request gives up at once when told to wait longer than its patience', async () => {
			const refusal = tooMany(60_001);
			const twenty2 = server(refusal, 'too late');
			const result = start(twenty2, { giveUpAfterMs: 60_000 });
			await settle();
			expect(result).toEqual({ reason: refusal, at: 0 });
			await passUntilQuiet();
			expect(twenty2.sentAt).toHaveLength(1);
		});

		it('a request waits when told to wait exactly as long as its patience', async () => {
			const twenty2 = server(tooMany(60_000), 'answer');
			const result = start(twenty2, { giveUpAfterMs: 60_000 });
			await passUntilQuiet();
			expect(result.value).toBe('answer');
		});

		it('a request does not try again without patience', async () => {
			const refusal = tooMany();
			const twenty2 = server(refusal, 'too late');
			const result = start(twenty2, { giveUpAfterMs: 0 });
			await passUntilQuiet();
			expect(result).toEqual({ reason: refusal, at: 0 });
			expect(twenty2.sentAt).toHaveLength(1);
		});

		it('a 429 holds back everything else that uses the key', async () => {
			const budget = keyWith(1_000);
			const first = server(tooMany(10_000), 'answer');
			start(first, { budget });
			await settle();
			const other = server('answer');
			const result = start(other, { budget });
			await pass(9_999);
			expect(other.sentAt).toEqual([]);
			await pass(1);
			expect(first.sentAt).toEqual([0, 10_000]);
			expect(other.sentAt).toEqual([10_000]);
			expect(result.value).toBe('answer');
		});

		it('a 429 holds back what waits for its line', async () => {
			const budget = new Budget({ requestsPerMinute: 1_000, concurrentCalls: 1 });
			start(server(tooMany(10_000), 'answer'), { budget });
			const next = server('answer');
			start(next, { budget });
			await pass(9_999);
			expect(next.sentAt).toEqual([]);
			await pass(1);
			expect(next.sentAt).toEqual([10_000]);
		});

		it('a 429 holds back what waits for its permit', async () => {
			const budget = keyWith(1);
			const first = server(tooMany(90_000), 'answer');
			start(first, { budget });
			const next = server('answer');
			start(next, { budget });
			await pass(150_000);
			expect(first.sentAt).toEqual([0, 90_000]);
			expect(next.sentAt).toEqual([150_000]);
		});

		it('a 429 holds back what was about to be repeated after trouble', async () => {
			const budget = keyWith(1_000);
			const other = server(trouble(), 'answer');
			start(other, { budget });
			start(server(tooMany(10_000), 'answer'), { budget });
			await pass(9_999);
			expect(other.sentAt).toEqual([0]);
			await pass(1);
			expect(other.sentAt).toEqual([0, 10_000]);
		});

		it('a 429 refuses for the same reason those who would wait too long, without sending', async () => {
			const budget = keyWith(2);
			const refusal = tooMany(10_000);
			const first = start(server(refusal, 'answer'), { budget });
			const hasty = server('answer');
			await settle();
			const queued = start(hasty, { budget, giveUpAfterMs: 9_000 });
			await settle();
			expect(queued).toEqual({ reason: refusal, at: 0 });
			await passUntilQuiet();
			expect(hasty.sentAt).toEqual([]);
			expect(first.value).toBe('answer');
		});

		it('a request never repeats after a 429 what was not sent, also after trouble of its own', async () => {
			const budget = keyWith(1_000);
			const refused = later<string>();
			start({ send: async () => await refused.promise, sentAt: [] }, { budget });
			const twenty2 = server(trouble());
			const result = start(twenty2, { budget, giveUpAfterMs: 0 });
			await settle();
			const unsent = trouble();
			refused.reject(tooMany(120_000, unsent));
			await pass(2_000);
			expect(result.reason).toBe(unsent);
			expect(twenty2.sentAt).toEqual([0]);
		});

		it('a request gives up within its patience when another request is refused for longer', async () => {
			const budget = keyWith(1_000);
			const longer = later<string>();
			start({ send: async () => await longer.promise, sentAt: [] }, { budget });
			const twenty2 = server(tooMany(), 'too late');
			const result = start(twenty2, { budget, giveUpAfterMs: 10_000 });
			await pass(900);
			longer.reject(tooMany(9_900));
			await passUntilQuiet();
			expect(twenty2.sentAt).toEqual([0]);
			expect(result.at).toBe(900);
		});
	});

	describe('stopped', () => {
		const reason = new Error('the execution was stopped');

		// Node warns of a leak from eleven listeners on.
		it('a stopped request may be one of many that one signal stops', async () => {
			const stop = new AbortController();
			const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 20 });
			const given = { budget, signal: stop.signal };
			const results = [
				...times(30, () => start(server('answer'), given)),
				...times(30, () => watch(sleep(90_000, stop.signal))),
			];
			await settle();
			expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
			await pass(500);
			stop.abort(reason);
			await settle();
			const late = results.slice(1);
			expect(late.map((result) => result.reason)).toEqual(late.map(() => reason));
			expect(new Set(late.map(({ at }) => at))).toEqual(new Set([500]));
		});

		it('a request sends nothing when the signal has fired before', async () => {
			const twenty2 = server('answer');
			const result = start(twenty2, { signal: AbortSignal.abort(reason) });
			await settle();
			expect(result).toEqual({ reason, at: 0 });
			expect(twenty2.sentAt).toEqual([]);
		});

		it.each([
			['in the pause after trouble', trouble()],
			['in the pause after "too many requests"', tooMany(50_000)],
		])('a stopped request ends at once %s, and sends nothing more', async (_, refusal) => {
			const stop = new AbortController();
			const twenty2 = server(refusal, 'too late');
			const result = start(twenty2, { signal: stop.signal });
			await pass(500);
			stop.abort(reason);
			await settle();
			expect(result).toEqual({ reason, at: 500 });
			expect(vi.getTimerCount()).toBe(0);
			await pass(100_000);
			expect(twenty2.sentAt).toHaveLength(1);
		});

		it('a stopped request ends at once in the queue, and is never sent', async () => {
			const budget = keyWith(1);
			start(server('answer'), { budget });
			const stop = new AbortController();
			const twenty2 = server('answer');
			const result = start(twenty2, { budget, signal: stop.signal });
			await pass(500);
			stop.abort(reason);
			await settle();
			expect(result).toEqual({ reason, at: 500 });
			expect(vi.getTimerCount()).toBe(0);
			await pass(100_000);
			expect(twenty2.sentAt).toEqual([]);
		});

		it('a request is not sent when its turn and the signal come together', async () => {
			const stop = new AbortController();
			const budget = keyWith(1);
			const twenty2 = server('answer');
			const result = start(twenty2, { budget, signal: stop.signal });
			stop.abort(reason);
			await settle();
			expect(result.reason).toBe(reason);
			expect(twenty2.sentAt).toEqual([]);
			await pass(60_000);
			expect(budget.idle).toBe(true);
		});

		// What is recorded of a create that is not sent would look like a call that may have been placed.
		it('a request is not even prepared when its turn and the signal come together', async () => {
			const stop = new AbortController();
			let prepared = 0;
			const twenty2 = server('answer');
			const prepare = async () => void prepared++;
			class StoppedAtItsTurn extends Opened {
				override async acquire(...asked: Parameters<Opened['acquire']>) {
					const lease = await super.acquire(...asked);
					stop.abort(reason);
					return lease;
				}
			}
			const { creates } = new StoppedAtItsTurn(keyWith(1));
			const sent = request(twenty2.send, { prepare, verdictOn, signal: stop.signal });
			const result = watch(through(creates, sent, 3));
			await settle();
			expect(result.reason).toBe(reason);
			expect(prepared).toBe(0);
			expect(twenty2.sentAt).toEqual([]);
		});

		/** A request that is on its way while the signal fires. */
		function onItsWay() {
			const stop = new AbortController();
			const answer = later<string>();
			const sentAt: number[] = [];
			const send = async () => {
				sentAt.push(performance.now());
				return await answer.promise;
			};
			const result = start({ send, sentAt }, { signal: stop.signal });
			return { stop, answer, sentAt, result };
		}

		it('a stopped request waits for what is on its way, and does not repeat it', async () => {
			const { stop, answer, sentAt, result } = onItsWay();
			await settle();
			stop.abort(reason);
			await settle();
			expect(result.at).toBeUndefined();

			const refusal = trouble();
			answer.reject(refusal);
			await passUntilQuiet();
			expect(result.reason).toBe(refusal);
			expect(sentAt).toEqual([0]);
		});

		// A create that was answered has placed a call, so the answer must not be lost.
		it('a stopped request still gives back the answer to what was on its way', async () => {
			const { stop, answer, result } = onItsWay();
			await settle();
			stop.abort(reason);
			answer.resolve('answer');
			await settle();
			expect(result).toEqual({ value: 'answer', at: 0 });
		});
	});
});

describe('A backoff', () => {
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it.each([
		[0, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
		[0.5, [1_500, 3_000, 6_000, 12_000, 24_000, 30_000, 30_000]],
	])('a backoff doubles up to the longest, with chance %f', (chance, expected) => {
		vi.spyOn(Math, 'random').mockReturnValue(chance);
		expect(expected.map((_, failures) => backoffMs(failures + 1))).toEqual(expected);
	});

	it('a backoff is no longer than it may be', () => {
		expect(backoffMs(5, 10_000)).toBe(10_000);
	});
});

describe('A request that was answered', () => {
	useFakeTime();

	it('an answered request keeps its line until that is released', async () => {
		const { creates } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 1 }));
		const place = () =>
			watch(
				hold(
					creates,
					request(async () => 'answer'),
				),
			);
		const [first, second] = [place(), place()];
		await pass(5_000);
		expect(first).toMatchObject({ value: { answer: 'answer' }, at: 0 });
		expect(second.at).toBeUndefined();
		first.value?.release();
		await settle();
		expect(second.at).toBe(5_000);
	});

	it('an answered request keeps its line also when the answer comes after the signal', async () => {
		const { creates } = opened(new Budget({ requestsPerMinute: 60, concurrentCalls: 1 }));
		const stop = new AbortController();
		const answer = later<string>();
		const first = watch(
			hold(
				creates,
				request(async () => await answer.promise, { signal: stop.signal }),
			),
		);
		await settle();
		stop.abort();
		answer.resolve('answer');
		const next = watch(
			through(
				creates,
				request(async () => 'next'),
			),
		);
		await settle();
		expect(next.at).toBeUndefined();
		first.value?.release();
		await settle();
		expect(next.value).toBe('next');
	});
});
