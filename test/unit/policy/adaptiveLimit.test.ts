import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Window, type Entry, type Place } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, settle, useFakeTime, watch } from './fakeTime';

const SECOND = 1_000;
const MINUTE = 60_000;
const tooMany = new Error('too many requests');

const enter = async (window: Window, kind: Entry['kind'] = 'read'): Promise<Place> =>
	await window.enter({ kind, signal: new AbortController().signal });

/** Sends so many at once, and gives back how to answer them. */
const send = async (window: Window, many: number, kind?: Entry['kind']): Promise<Place[]> =>
	await Promise.all(Array.from({ length: many }, async () => await enter(window, kind)));

/** A worker whose key has had so many requests accepted, and the next refused. */
async function refusedAfter(accepted: number, limit = 60): Promise<Window> {
	const window = new Window(limit, 3);
	for (const place of await send(window, accepted)) place.answered();
	for (const place of await send(window, 1)) place.refused(tooMany, 0);
	return window;
}

/** Lets time pass until one more may be sent. */
async function watchUntilIn(window: Window): Promise<Place> {
	const entered = watch(enter(window));
	for (;;) {
		if (entered.value) return entered.value;
		await pass(SECOND);
	}
}

interface Seen {
	at: number;
	accepted: boolean;
}

/** Sends without end, to a Twenty2 that answers at once and accepts what `accepts` says. */
function sendWithoutEnd(
	window: Window,
	accepts: (seen: Seen[]) => boolean = () => true,
	kind: Entry['kind'] = 'read',
): Seen[] {
	const seen: Seen[] = [];
	const goOn = async () => {
		for (;;) {
			const place = await enter(window, kind);
			const accepted = accepts(seen);
			seen.push({ at: performance.now(), accepted });
			if (accepted) place.answered();
			else place.refused(tooMany, 0);
		}
	};
	void goOn();
	return seen;
}

const between = (seen: Seen[], from: number, to: number) =>
	seen.filter(({ at }) => at >= from && at < to);

/** As if others took so many places of every minute at Twenty2. */
const leaving = (places: number) => (seen: Seen[]) =>
	between(seen, performance.now() - MINUTE + 1, Number.POSITIVE_INFINITY).length < places;

describe('Share', () => {
	useFakeTime();

	// The shortest waits that chance gives.
	beforeEach(() => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('is everything until the first refusal', async () => {
		const seen = sendWithoutEnd(new Window(60, 3));
		await pass(0);
		expect(seen).toHaveLength(60);
	});

	it('leaves a quarter to others who took what was its own, and asks for one more', async () => {
		const seen = sendWithoutEnd(await refusedAfter(40));
		await pass(MINUTE);
		expect(seen.map(({ at }) => at)).toEqual(Array.from({ length: 31 }, () => MINUTE));
	});

	it('leaves a tenth when it has asked in vain', async () => {
		const seen = sendWithoutEnd(await refusedAfter(40), (before) => before.length < 30);
		await pass(MINUTE);
		expect(seen.filter(({ accepted }) => !accepted)).toHaveLength(1);

		await pass(MINUTE - 1);
		const sooner = seen.length;
		await pass(1);
		// 27, and the one that asks, which is refused as well.
		expect(seen.length - sooner).toBe(1);
		expect(sooner).toBe(31);
	});

	it('takes refusals of what was on its way together for one', async () => {
		const window = new Window(60, 3);
		for (const place of await send(window, 10)) place.answered();
		const places = await send(window, 8);
		for (const place of places) {
			await pass(1);
			place.refused(tooMany, 0);
		}
		const seen = sendWithoutEnd(window);
		await pass(MINUTE);
		// Three quarters, and one that asks again after a minute, not after three.
		expect(seen).toHaveLength(8);
	});

	it('keeps one request a minute where only one was accepted, and asks for more', async () => {
		const window = await refusedAfter(1);
		await pass(MINUTE);
		const seen = sendWithoutEnd(window);
		await pass(0);
		expect(seen).toHaveLength(2);
	});

	it.each([0, 1, 4])('asks as soon as the pause is over where only %i were accepted', async (n) => {
		const seen = sendWithoutEnd(await refusedAfter(n));
		await pass(SECOND - 1);
		expect(seen).toHaveLength(0);
		await pass(1);
		expect(seen.length).toBeGreaterThan(0);
		await pass(30 * SECOND);
		expect(seen.length).toBeGreaterThan(50);
	});

	it('sends nothing but a request that asks, now and then, where nothing was accepted', async () => {
		const seen = sendWithoutEnd(await refusedAfter(0), () => false);
		await pass(10 * MINUTE);
		const gaps = seen.slice(1).map(({ at }, i) => (at - (seen[i]?.at ?? 0)) / SECOND);
		expect(gaps.slice(0, 4)).toEqual([2, 4, 8, 16]);
		expect(new Set(gaps.slice(4))).toEqual(new Set([20]));
	});

	it('asks soon again for what is refused after five quiet minutes', async () => {
		const window = await refusedAfter(0);
		for (let i = 0; i < 8; i++) {
			const place = await watchUntilIn(window);
			place.refused(tooMany, 0);
		}
		await pass(5 * MINUTE);
		(await watchUntilIn(window)).refused(tooMany, 0);
		const next = watch(enter(window));
		const from = performance.now();
		await pass(SECOND);
		expect(next.at).toBe(from + SECOND);
	});

	it('asks for one at a time, and goes on only once that is answered', async () => {
		const window = await refusedAfter(0);
		const [first, second] = [watch(enter(window)), watch(enter(window))];
		await pass(10 * MINUTE);
		expect([first.at, second.at]).toEqual([SECOND, undefined]);
		first.value?.answered();
		await pass(SECOND);
		expect(second.at).toBe(10 * MINUTE + 750);
	});

	it('takes everything again within minutes when the others are gone', async () => {
		const seen = sendWithoutEnd(await refusedAfter(2, 9));
		await pass(5 * MINUTE);
		expect(between(seen, 4 * MINUTE, 5 * MINUTE)).toHaveLength(9);
	});

	it('keeps almost all that others leave to it, with few refusals', async () => {
		const seen = sendWithoutEnd(new Window(60, 3), leaving(20));
		await pass(30 * MINUTE);
		const late = between(seen, 10 * MINUTE, 30 * MINUTE);
		const accepted = late.filter((one) => one.accepted).length;
		expect(accepted).toBeGreaterThan(0.8 * 20 * 20);
		expect(late.length - accepted).toBeLessThan(20);
	});

	describe('of creates', () => {
		it('holds only creates back, which may lack a line, and no reads', async () => {
			const window = new Window(60, 3);
			(await enter(window, 'create')).refused(tooMany, 0);
			const creates = [1, 2].map(() => watch(enter(window, 'create')));
			await pass(SECOND);
			const reads = Array.from({ length: 30 }, () => watch(enter(window)));
			await settle();
			expect(creates.map(({ at }) => at)).toEqual([SECOND, undefined]);
			expect(new Set(reads.map(({ at }) => at))).toEqual(new Set([SECOND]));
		});

		it('is told by no answer to a read that a line is free', async () => {
			const window = new Window(60, 3);
			(await enter(window, 'create')).refused(tooMany, 0);
			await pass(SECOND);
			const trying = await enter(window, 'create');
			const next = watch(enter(window, 'create'));
			for (const place of await send(window, 10)) place.answered();
			await settle();
			expect(next.at).toBeUndefined();
			trying.answered();
			await settle();
			expect(next.at).toBe(SECOND);
		});

		it('asks for more once lines turn out not to have been the reason', async () => {
			const window = new Window(60, 3);
			(await enter(window, 'create')).refused(tooMany, 0);
			const seen = sendWithoutEnd(window, undefined, 'create');
			await pass(SECOND);
			// Seven in a second are too many for three lines; the eighth asks.
			expect(seen).toHaveLength(8);
			await pass(749);
			expect(seen).toHaveLength(8);
			await pass(1);
			expect(seen.length).toBeGreaterThan(8);
		});

		it('shrinks when so many were accepted at once that no line was lacking', async () => {
			const window = new Window(60, 3);
			for (const place of await send(window, 8, 'create')) place.answered();
			const [refused] = await send(window, 1, 'create');
			refused?.refused(tooMany, 0);
			const seen = sendWithoutEnd(window, (before) => before.length < 6);
			await pass(MINUTE);
			// Three quarters, and one that asks in vain.
			expect(seen).toHaveLength(7);
		});
	});
});
