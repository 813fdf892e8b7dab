import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BusyLines } from '../../../nodes/Twenty2/policy/liveCalls';

const SECOND = 1_000;

const chanceIs = (chance: number) => vi.spyOn(Math, 'random').mockReturnValue(chance);

/** Tries from `from` on, whenever it may, until a line is free at `freeAt`. @returns when it did */
function tryUntil(busy: BusyLines, from: number, freeAt: number): number[] {
	const tries = [from];
	for (let now = from; now < freeAt; tries.push(now)) {
		busy.createSent();
		busy.createRefused(now);
		now = busy.opensAt;
	}
	return tries;
}

/** So many creates in a row find a line each. */
function find(busy: BusyLines, lines: number, now: number): void {
	for (let i = 0; i < lines; i++) {
		busy.createAccepted(now, busy.createSent());
	}
}

/** How long it waits when refused now. */
function waitWhenRefused(busy: BusyLines, now: number): number {
	busy.createSent();
	busy.createRefused(now);
	return busy.opensAt - now;
}

const gaps = (times: number[]) => times.slice(1).map((time, i) => time - (times[i] ?? 0));

describe('BusyLines', () => {
	beforeEach(() => {
		chanceIs(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	describe('possible', () => {
		it('is so until something speaks against it', () => {
			expect(new BusyLines(3).possible).toBe(true);
		});

		it('is not after a read was refused, which needs no line', () => {
			const busy = new BusyLines(3);
			busy.readRefused();
			expect(busy.possible).toBe(false);
		});

		it('is not when more creates than twice the lines are accepted within a second', () => {
			const busy = new BusyLines(3);
			for (const at of [0, 100, 200, 300, 400, 500]) busy.createAccepted(at, false);
			expect(busy.possible).toBe(true);
			busy.createAccepted(999, false);
			expect(busy.possible).toBe(false);
		});

		it('stays so when they take longer than a second', () => {
			const busy = new BusyLines(3);
			for (let at = 0; at < 60_000; at += 167) busy.createAccepted(at, false);
			expect(busy.possible).toBe(true);
		});

		it('is measured by the lines that there are now', () => {
			const busy = new BusyLines(3);
			for (const at of [0, 100, 200, 300, 400, 500]) busy.createAccepted(at, false);
			busy.allow(20);
			busy.createAccepted(600, false);
			expect(busy.possible).toBe(true);
			// What was accepted while there were more says nothing of fewer.
			busy.allow(3);
			busy.createAccepted(700, false);
			expect(busy.possible).toBe(true);
		});

		it('never comes back', () => {
			const busy = new BusyLines(3);
			busy.readRefused();
			busy.createAccepted(0, false);
			busy.createRefused(1_000);
			expect(busy.possible).toBe(false);
		});
	});

	describe('creates', () => {
		it('go together before the first refusal', () => {
			const busy = new BusyLines(3);
			busy.createSent();
			expect(busy.opensAt).toBe(Number.NEGATIVE_INFINITY);
		});

		it('go one at a time from then on', () => {
			const busy = new BusyLines(3);
			busy.createSent();
			busy.createRefused(0);
			const triesAt = busy.opensAt;
			busy.createSent();
			expect(busy.opensAt).toBe(Number.POSITIVE_INFINITY);
			busy.createAccepted(triesAt, true);
			expect(busy.opensAt).toBeLessThanOrEqual(triesAt);
			busy.createSent();
			expect(busy.opensAt).toBe(Number.POSITIVE_INFINITY);
		});

		it('go together again once it is ruled out, also while one tries', () => {
			const busy = new BusyLines(3);
			busy.createRefused(0);
			busy.createSent();
			busy.readRefused();
			expect(busy.opensAt).toBe(Number.NEGATIVE_INFINITY);
		});
	});

	describe('when to try', () => {
		it('is soon at first, then calmer, and every 30 seconds in the end', () => {
			const waits = gaps(tryUntil(new BusyLines(3), 0, 120 * SECOND));
			expect(waits).toEqual([1, 2, 4, 8, 15, 30, 30, 30].map((seconds) => seconds * SECOND));
		});

		it('is later by chance, more so after many tries', () => {
			chanceIs(1);
			const waits = gaps(tryUntil(new BusyLines(3), 0, 120 * SECOND)).map(Math.round);
			expect(waits).toEqual([1_050, 2_100, 4_200, 8_400, 15_750, 31_500, 45_000, 45_000]);
		});

		it('follows how long it took the last time', () => {
			const busy = new BusyLines(3);
			const took = tryUntil(busy, 0, 20 * SECOND).at(-1) ?? 0;
			find(busy, 3, took);

			const waits = gaps(tryUntil(busy, 100 * SECOND, 150 * SECOND));
			expect(waits[0]).toBeCloseTo(0.7 * took);
			expect(waits[1]).toBeCloseTo(0.2 * took);
			expect(waits[2]).toBeCloseTo(0.2 * 1.3 * took);
		});

		it('follows the last time only, not those before', () => {
			const busy = new BusyLines(3);
			find(busy, 3, tryUntil(busy, 0, 20 * SECOND).at(-1) ?? 0);
			const last = tryUntil(busy, 100 * SECOND, 125 * SECOND);
			find(busy, 3, last.at(-1) ?? 0);
			const took = (last.at(-1) ?? 0) - 100 * SECOND;
			expect(waitWhenRefused(busy, 200 * SECOND)).toBeCloseTo(0.7 * took);
		});

		it('is later the next time when only one line was free', () => {
			const busy = new BusyLines(3);
			const took = tryUntil(busy, 0, 10 * SECOND).at(-1) ?? 0;
			find(busy, 1, took);
			expect(waitWhenRefused(busy, 100 * SECOND)).toBeCloseTo(0.7 * 1.5 * took);
			// Once, and not with every refusal that follows.
			expect(waitWhenRefused(busy, 120 * SECOND)).toBeCloseTo(0.2 * 1.5 * took);
		});

		it.each([
			['a second at least', 500, 1],
			['30 seconds at most', 600 * SECOND, 30],
		])('is %s, however long it took', (_, freeAt, seconds) => {
			const busy = new BusyLines(3);
			const took = tryUntil(busy, 0, freeAt).at(-1) ?? 0;
			find(busy, 3, took);
			expect(waitWhenRefused(busy, 1_000 * SECOND)).toBe(seconds * SECOND);
		});
	});
});
