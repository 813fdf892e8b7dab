import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { useFakeTime } from './fakeTime';
import { play, wasAccepted, type Arrival, type Passage, type Scenario } from './traffic';

const MINUTE = 60_000;

/** Longer than a rate limiter ever waits before it probes. */
const LONGEST_SILENCE = 9 * MINUTE;

/** Short and long ones, and those at which something else ends too. */
const duration = fc.oneof(
	fc.nat(50),
	fc.nat(130_000),
	fc.constantFrom(0, 1_000, MINUTE - 1, MINUTE, MINUTE + 1),
);

const limit = fc.integer({ min: 1, max: 20 });

interface Habits {
	canLeave?: boolean;
	canBeRefused?: boolean;
}

const arrivals = ({ canLeave, canBeRefused }: Habits): fc.Arbitrary<Arrival[]> =>
	fc
		.array(
			fc.record(
				{
					gap: fc.oneof(fc.constant(0), duration),
					answerAfter: duration,
					leaveAfter: duration,
					refusals: fc.array(duration, { maxLength: 3 }),
					about: fc.constantFrom('requests', 'lines', 'unclear'),
				},
				{ requiredKeys: ['gap', 'answerAfter', 'about'] },
			),
			{ minLength: 1, maxLength: 50 },
		)
		.map((list) => {
			let at = 0;
			return list.map(({ gap, answerAfter, leaveAfter, refusals, about }) => {
				at += gap;
				return {
					at,
					answerAfter,
					about,
					...(canLeave && { leaveAfter }),
					...(canBeRefused && { refusals }),
				};
			});
		});

const byTime = <T extends { at: number }>(list: T[]) => list.toSorted((a, b) => a.at - b.at);

const limits = (each: fc.Arbitrary<number>) =>
	fc.array(fc.record({ at: fc.nat(300_000), limit: each }), { maxLength: 5 }).map(byTime);

const chance = fc.nat(7);

const refused: fc.Arbitrary<Scenario> = fc.record({
	limit,
	arrivals: arrivals({ canBeRefused: true }),
	chance,
});

const restless: fc.Arbitrary<Scenario> = fc.record({
	limit: limit,
	arrivals: arrivals({ canLeave: true }),
	limits: limits(limit),
});

const eventful: fc.Arbitrary<Scenario> = fc.record({
	limit,
	arrivals: arrivals({ canLeave: true, canBeRefused: true }),
	limits: limits(limit),
	chance,
});

const sendingsOf = (passages: Passage[]) => passages.flatMap(({ sendings }) => sendings);

/** Requests that count at the end of an instant: unanswered, or answered less than a minute ago. */
const counting = (passages: Passage[], at: number): number =>
	sendingsOf(passages).filter(({ sent, answered }) => sent <= at && at < answered + MINUTE).length;

function limitsAt({ limit: first, limits: later = [] }: Scenario, at: number): number[] {
	const before = later.filter((change) => change.at < at).at(-1)?.limit ?? first;
	return [before, ...later.filter((change) => change.at === at).map((change) => change.limit)];
}

/** The stretches of time in which it stood in the queue. */
function waitsOf({ at, sendings, left }: Passage): Array<{ from: number; to: number }> {
	const begins = [
		at,
		...sendings.filter(({ refusedFor }) => refusedFor !== undefined).map((s) => s.answered),
	];
	const ends = [...sendings.map(({ sent }) => sent), ...(left === undefined ? [] : [left])];
	return begins.map((from, i) => ({ from, to: ends[i] ?? Number.POSITIVE_INFINITY }));
}

/** Instants at which anything can have changed. */
function instants(passages: Passage[], { limits: changes = [] }: Scenario): number[] {
	return [
		...passages.flatMap(({ at, left }) => (left === undefined ? [at] : [at, left])),
		...sendingsOf(passages).flatMap(({ sent, answered }) => [sent, answered, answered + MINUTE]),
		...changes.map(({ at }) => at),
	];
}

useFakeTime();

it('sends everything, whatever the traffic, and never more than the limit in any 60 seconds', async () => {
	await fc.assert(
		fc.asyncProperty(refused, async (scenario) => {
			const { passages } = await play(scenario);
			expect(passages.filter(wasAccepted)).toHaveLength(scenario.arrivals.length);

			// Twenty2 counts a request at some time between its sending and its answer, so the
			// fullest 60 seconds that are possible begin with an answer.
			const all = sendingsOf(passages);
			for (const { answered: from } of all) {
				const possible = all.filter((one) => one.answered >= from && one.sent < from + MINUTE);
				expect(possible.length).toBeLessThanOrEqual(scenario.limit);
			}
		}),
	);
});

it('sends only while there is room', async () => {
	await fc.assert(
		fc.asyncProperty(eventful, async (scenario) => {
			const { passages } = await play(scenario);
			for (const { sent } of sendingsOf(passages)) {
				const allowed = Math.max(...limitsAt(scenario, sent));
				expect(counting(passages, sent)).toBeLessThanOrEqual(
					Math.max(allowed, counting(passages, sent - 1)),
				);
			}
		}),
	);
});

it('sends nothing for as long as a refusal asks, and for a second at least', async () => {
	await fc.assert(
		fc.asyncProperty(eventful, async (scenario) => {
			const { passages } = await play(scenario);
			const all = sendingsOf(passages);
			for (const { answered, refusedFor } of all) {
				if (refusedFor === undefined) continue;
				const until = answered + Math.max(refusedFor, 1_000);
				expect(all.filter(({ sent }) => sent > answered && sent < until)).toEqual([]);
			}
		}),
	);
});

it('never lets anybody wait while it could send', async () => {
	await fc.assert(
		fc.asyncProperty(restless, async (scenario) => {
			const { passages } = await play(scenario);
			const all = instants(passages, scenario);
			for (const { from, to } of passages.flatMap(waitsOf)) {
				for (const at of all.filter((instant) => instant >= from && instant < to)) {
					const allowed = limitsAt(scenario, at).at(-1);
					expect(counting(passages, at)).toBeGreaterThanOrEqual(allowed ?? 0);
				}
			}
		}),
	);
});

it('never lets anybody wait for ever, however often it is refused', async () => {
	await fc.assert(
		fc.asyncProperty(eventful, async (scenario) => {
			const { passages } = await play(scenario);
			const longest = Math.max(
				LONGEST_SILENCE,
				...passages.flatMap(({ refusals = [] }) => refusals),
			);
			const events = instants(passages, scenario).toSorted((a, b) => a - b);
			for (const { from, to } of passages.flatMap(waitsOf)) {
				let last = from;
				for (const at of [...events.filter((instant) => instant > from && instant < to), to]) {
					expect(at - last).toBeLessThanOrEqual(longest);
					last = at;
				}
			}
		}),
	);
});

it('sends in the order of arrival', async () => {
	await fc.assert(
		fc.asyncProperty(eventful, async (scenario) => {
			const { passages, sent } = await play(scenario);
			const gone = passages.filter((one) => one.sendings.length > 0);
			expect([...new Set(sent)]).toEqual(gone);
		}),
	);
});

it('sends in the order of arrival while nothing is refused', async () => {
	await fc.assert(
		fc.asyncProperty(restless, async (scenario) => {
			const { passages, sent } = await play(scenario);
			expect(sent).toEqual(passages.filter(wasAccepted));
		}),
	);
});

it('sends what was refused before anything that never was', async () => {
	await fc.assert(
		fc.asyncProperty(eventful, async (scenario) => {
			const { passages } = await play(scenario);
			const firsts = passages.flatMap(({ sendings }) => sendings.slice(0, 1));
			for (const { from, to } of passages.flatMap((passage) => waitsOf(passage).slice(1))) {
				expect(firsts.filter(({ sent }) => sent > from && sent < to)).toEqual([]);
			}
		}),
	);
});

it('sends the others as if those who left had never come', async () => {
	await fc.assert(
		fc.asyncProperty(restless, async (scenario) => {
			const { passages } = await play(scenario);
			const stayed = passages.filter(wasAccepted);
			const alone = await play({
				...scenario,
				arrivals: stayed.map(({ at, answerAfter }) => ({ at, answerAfter })),
			});
			expect(sendingsOf(alone.passages)).toEqual(sendingsOf(stayed));
		}),
	);
});

it('lets everybody go who wants to, at once or when refused', async () => {
	await fc.assert(
		fc.asyncProperty(eventful, async (scenario) => {
			const { passages } = await play(scenario);
			for (const passage of passages) {
				const { at, leaveAfter = 0, sendings, left } = passage;
				expect(left !== undefined).toBe(!wasAccepted(passage));
				if (left === undefined) continue;
				expect(left).toBe(Math.max(at + leaveAfter, sendings.at(-1)?.answered ?? 0));
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
