import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { Endurance } from '../../../nodes/Twenty2/policy/endurance';
import { Window } from '../../../nodes/Twenty2/policy/window';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { play, wasSent, type Arrival, type Passage, type Scenario } from './traffic';

const MINUTE = 60_000;
const never = new AbortController().signal;

/** Short and long ones, and those at which something else ends too. */
const duration = fc.oneof(
	fc.nat(50),
	fc.nat(130_000),
	fc.constantFrom(0, 1_000, MINUTE - 1, MINUTE, MINUTE + 1),
);

const limit = fc.integer({ min: 1, max: 20 });

const arrivals = (canLeave: boolean): fc.Arbitrary<Arrival[]> =>
	fc
		.array(
			fc.record(
				{ gap: fc.oneof(fc.constant(0), duration), answerAfter: duration, leaveAfter: duration },
				{ requiredKeys: ['gap', 'answerAfter'] },
			),
			{ minLength: 1, maxLength: 50 },
		)
		.map((list) => {
			let at = 0;
			return list.map(({ gap, answerAfter, leaveAfter }) => {
				at += gap;
				return { at, answerAfter, ...(canLeave && { leaveAfter }) };
			});
		});

const byTime = <T extends { at: number }>(list: T[]) => list.toSorted((a, b) => a.at - b.at);

const pauses = fc
	.array(fc.record({ at: fc.nat(300_000), ms: duration }), { maxLength: 5 })
	.map(byTime);

const limits = fc.array(fc.record({ at: fc.nat(300_000), limit }), { maxLength: 5 }).map(byTime);

const plain: fc.Arbitrary<Scenario> = fc.record({ limit, arrivals: arrivals(false) });

const eventful: fc.Arbitrary<Scenario> = fc.record({
	limit,
	arrivals: arrivals(true),
	pauses,
	limits,
});

/** Requests that count at the end of an instant: unanswered, or answered less than a minute ago. */
function counting(passages: Passage[], at: number): number {
	return passages.filter(
		(passage) => wasSent(passage) && passage.sent <= at && at < passage.answered + MINUTE,
	).length;
}

function limitsAt({ limit: first, limits: later = [] }: Scenario, at: number): number[] {
	const before = later.filter((change) => change.at < at).at(-1)?.limit ?? first;
	return [before, ...later.filter((change) => change.at === at).map((change) => change.limit)];
}

const pausedAt = ({ pauses: all = [] }: Scenario, at: number) =>
	all.some((pause) => pause.at <= at && at < pause.at + pause.ms);

/** Instants within an arrival's wait at which anything can have changed. */
function instantsOfWait(passage: Passage, passages: Passage[], scenario: Scenario): number[] {
	const end = passage.sent ?? passage.left ?? Number.POSITIVE_INFINITY;
	const all = [
		passage.at,
		...passages.flatMap(({ at, sent, answered, left }) => [at, sent, answered, left]),
		...passages.flatMap(({ answered }) => (answered === undefined ? [] : [answered + MINUTE])),
		...(scenario.pauses ?? []).flatMap(({ at, ms }) => [at, at + ms]),
		...(scenario.limits ?? []).map(({ at }) => at),
	];
	return all.filter((at): at is number => at !== undefined && at >= passage.at && at < end);
}

describe('Window, whatever the traffic', () => {
	useFakeTime();

	it('sends everything, and never more than the limit in any 60 seconds', async () => {
		await fc.assert(
			fc.asyncProperty(plain, async (scenario) => {
				const { passages } = await play(scenario);
				const sent = passages.filter(wasSent);
				expect(sent).toHaveLength(scenario.arrivals.length);

				// Twenty2 counts a request at some time between its sending and its answer, so the
				// fullest 60 seconds that are possible begin with an answer.
				for (const { answered: from } of sent) {
					const possible = sent.filter((one) => one.answered >= from && one.sent < from + MINUTE);
					expect(possible.length).toBeLessThanOrEqual(scenario.limit);
				}
			}),
		);
	});

	it('sends only while there is room and no pause', async () => {
		await fc.assert(
			fc.asyncProperty(eventful, async (scenario) => {
				const { passages } = await play(scenario);
				for (const { sent } of passages.filter(wasSent)) {
					const allowed = Math.max(...limitsAt(scenario, sent));
					expect(counting(passages, sent)).toBeLessThanOrEqual(
						Math.max(allowed, counting(passages, sent - 1)),
					);
					const inPause = (scenario.pauses ?? []).some(({ at, ms }) => at < sent && sent < at + ms);
					expect(inPause).toBe(false);
				}
			}),
		);
	});

	it('never lets anybody wait while it could send', async () => {
		await fc.assert(
			fc.asyncProperty(eventful, async (scenario) => {
				const { passages } = await play(scenario);
				for (const passage of passages) {
					for (const at of instantsOfWait(passage, passages, scenario)) {
						if (pausedAt(scenario, at)) continue;
						const allowed = limitsAt(scenario, at).at(-1);
						expect(counting(passages, at)).toBeGreaterThanOrEqual(allowed ?? 0);
					}
				}
			}),
		);
	});

	it('sends in the order of arrival', async () => {
		await fc.assert(
			fc.asyncProperty(eventful, async (scenario) => {
				const { passages, sent } = await play(scenario);
				expect(sent).toEqual(passages.filter(wasSent));
			}),
		);
	});

	it('sends the others as if those who left had never come', async () => {
		await fc.assert(
			fc.asyncProperty(eventful, async (scenario) => {
				const { passages } = await play(scenario);
				const stayed = passages.filter(wasSent);
				const alone = await play({
					...scenario,
					arrivals: stayed.map(({ at, answerAfter }) => ({ at, answerAfter })),
				});
				expect(alone.passages.map(({ sent }) => sent)).toEqual(stayed.map(({ sent }) => sent));
			}),
		);
	});

	it('lets everybody go who wants to, at once', async () => {
		await fc.assert(
			fc.asyncProperty(eventful, async (scenario) => {
				const { passages } = await play(scenario);
				for (const { at, leaveAfter, sent, left } of passages) {
					const settled = sent ?? left;
					expect(settled).toBeDefined();
					if (left !== undefined) expect(left - at).toBe(leaveAfter);
				}
			}),
		);
	});

	it('holds a timer only while somebody waits, and never two', async () => {
		await fc.assert(
			fc.asyncProperty(eventful, async (scenario) => {
				const { timers } = await play(scenario);
				expect(timers.withoutQueue).toBe(0);
				expect(timers.withQueue).toBeLessThanOrEqual(1);
			}),
		);
	});
});

describe('Window', () => {
	useFakeTime();

	/** Takes every place; their answers come when told to. */
	async function full(size: number): Promise<{ window: Window; answers: Array<() => void> }> {
		const window = new Window(size);
		const answers = await Promise.all(Array.from({ length: size }, () => window.enter(never)));
		return { window, answers };
	}

	it('keeps a place until 60 seconds after the answer, not after the sending', async () => {
		const { window, answers } = await full(1);
		const next = watch(window.enter(never));
		await pass(100_000);
		expect(next.at).toBeUndefined();

		answers.forEach((answer) => answer());
		await pass(MINUTE - 1);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(160_000);
	});

	it('rejects with the reason of a signal that had fired before', async () => {
		const { window } = await full(1);
		const reason = new Error('stopped');
		await expect(window.enter(AbortSignal.abort(reason))).rejects.toBe(reason);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('rejects at once with the reason of the signal, and leaves no timer', async () => {
		const { window, answers } = await full(2);
		answers.forEach((answer) => answer());
		const stop = new AbortController();
		const waiting = [1, 2, 3].map(() => watch(window.enter(stop.signal)));
		await settle();
		expect(vi.getTimerCount()).toBe(1);

		const reason = new Error('stopped');
		stop.abort(reason);
		await settle();
		expect(waiting.map((one) => one.reason)).toEqual([reason, reason, reason]);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('gives the place of one who leaves during a pause to the next', async () => {
		const window = new Window(1);
		window.pause(5_000, new Error('too many'));
		const stop = new AbortController();
		const first = watch(window.enter(stop.signal));
		const second = watch(window.enter(never));
		stop.abort();
		await pass(5_000);
		expect(first.value).toBeUndefined();
		expect(second.at).toBe(5_000);
	});

	it('ignores a signal that fires after the place was taken', async () => {
		const stop = new AbortController();
		const window = new Window(1);
		const arrived = await window.enter(stop.signal);
		stop.abort();
		const next = watch(window.enter(never));
		await pass(MINUTE);
		expect(next.at).toBeUndefined();
		arrived();
		await pass(MINUTE);
		expect(next.at).toBe(2 * MINUTE);
	});

	describe('paused', () => {
		const because = new Error('too many requests');

		it('lets nothing through until the pause is over', async () => {
			const window = new Window(5);
			expect(window.pause(3_000, because)).toBe(performance.now() + 3_000);
			const waiting = [1, 2].map(() => watch(window.enter(never)));
			await pass(2_999);
			expect(waiting.map(({ at }) => at)).toEqual([undefined, undefined]);
			await pass(1);
			expect(waiting.map(({ at }) => at)).toEqual([3_000, 3_000]);
		});

		it('stays so for the longer of two pauses, whichever came first', async () => {
			for (const [first, second] of [
				[10_000, 2_000],
				[2_000, 10_000],
			] as const) {
				const window = new Window(1);
				const begin = performance.now();
				window.pause(first, because);
				window.pause(second, because);
				const waiting = watch(window.enter(never));
				await pass(20_000);
				expect(waiting.at).toBe(begin + 10_000);
			}
		});

		it('counts a later pause from when it was set', async () => {
			const window = new Window(1);
			window.pause(10_000, because);
			await pass(9_000);
			window.pause(5_000, because);
			const waiting = watch(window.enter(never));
			await pass(5_000);
			expect(waiting.at).toBe(14_000);
		});

		it('refuses at once those with less patience, and keeps the others in order', async () => {
			const { window } = await full(1);
			const hasty = watch(window.enter(never, new Endurance(4_999)));
			const exact = watch(window.enter(never, new Endurance(5_000)));
			const patient = watch(window.enter(never));
			window.pause(5_000, because);
			window.allow(3);
			await settle();
			expect(hasty).toEqual({ reason: because, at: 0 });
			expect([exact.at, patient.at]).toEqual([undefined, undefined]);

			await pass(5_000);
			expect([exact.at, patient.at]).toEqual([5_000, 5_000]);
		});

		it('refuses with the reason of the pause that lasts', async () => {
			const window = new Window(1);
			const longer = new Error('longer');
			window.pause(1_000, because);
			window.pause(8_000, longer);
			window.pause(2_000, new Error('shorter'));
			await expect(window.enter(never, new Endurance(7_000))).rejects.toBe(longer);
		});

		it('compares the patience of who comes later with what is left of the pause', async () => {
			const window = new Window(1);
			window.pause(8_000, because);
			await pass(3_000);
			await expect(window.enter(never, new Endurance(4_999))).rejects.toBe(because);
			const patient = watch(window.enter(never, new Endurance(5_000)));
			await pass(5_000);
			expect(patient.at).toBe(8_000);
		});

		it('lasts longer than a timer can, without spinning', async () => {
			const month = 31 * 24 * 3_600_000;
			const window = new Window(1);
			window.pause(month, because);
			const waiting = watch(window.enter(never));
			await pass(month - 1);
			expect(waiting.at).toBeUndefined();
			await pass(1);
			expect(waiting.at).toBe(month);
		});
	});

	describe('allow', () => {
		it('lets those waiting through at once when the limit rises', async () => {
			const { window } = await full(1);
			const waiting = [1, 2, 3].map(() => watch(window.enter(never)));
			await settle();
			window.allow(3);
			await settle();
			expect(waiting.map(({ at }) => at)).toEqual([0, 0, undefined]);
		});

		it('holds back when the limit falls, until fewer count than it', async () => {
			const { window, answers } = await full(3);
			window.allow(2);
			const next = watch(window.enter(never));
			answers[0]?.();
			await pass(1_000);
			answers[1]?.();
			await pass(MINUTE - 1);
			expect(next.at).toBeUndefined();
			await pass(1);
			expect(next.at).toBe(61_000);
		});
	});

	describe('idle', () => {
		it('is true before anything was sent', () => {
			expect(new Window(1).idle).toBe(true);
		});

		it('is false from the sending until 60 seconds after the answer', async () => {
			const { window, answers } = await full(1);
			await pass(90_000);
			expect(window.idle).toBe(false);
			answers.forEach((answer) => answer());
			await pass(MINUTE - 1);
			expect(window.idle).toBe(false);
			await pass(1);
			expect(window.idle).toBe(true);
		});

		it('is false while somebody waits or a pause lasts', async () => {
			const window = new Window(1);
			window.pause(1_000, new Error('too many'));
			expect(window.idle).toBe(false);
			const stop = new AbortController();
			const waiting = watch(window.enter(stop.signal));
			window.pause(2_000, new Error('too many'));
			stop.abort();
			await settle();
			expect(waiting.at).toBe(0);
			await pass(1_999);
			expect(window.idle).toBe(false);
			await pass(1);
			expect(window.idle).toBe(true);
		});
	});
});
