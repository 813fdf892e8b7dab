import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Asking } from '../../../nodes/Twenty2/policy/asking';

const chanceIs = (chance: number) => vi.spyOn(Math, 'random').mockReturnValue(chance);

/** The waits between so many requests that are all accepted. */
const accepted = (asking: Asking, many: number) =>
	Array.from({ length: many }, () => asking.accepted());

/** The waits after so many refusals, each of them after this many were accepted. */
const refused = (asking: Asking, many: number, won = 0) =>
	Array.from({ length: many }, () => {
		accepted(asking, won);
		return asking.refused(10);
	});

describe('Asking', () => {
	// As if chance did not change anything.
	beforeEach(() => {
		chanceIs(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('asks for one, two, four, eight … in a row, with a pause between', () => {
		const asking = new Asking();
		const pause = 750;
		expect(accepted(asking, 1)).toEqual([pause]);
		expect(accepted(asking, 2)).toEqual([0, pause]);
		expect(accepted(asking, 4)).toEqual([0, 0, 0, pause]);
		expect(accepted(asking, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, pause]);
	});

	it('pauses longer by chance, so that workers do not ask together', () => {
		chanceIs(1);
		expect(new Asking().accepted()).toBe(2_250);
	});

	it('begins with one again after a refusal', () => {
		const asking = new Asking();
		accepted(asking, 5);
		asking.refused(10);
		expect(accepted(asking, 3)).toEqual([750, 0, 750]);
	});

	it('waits a minute after a refusal, or a little more', () => {
		expect(new Asking().refused(10)).toBe(60_000);
		chanceIs(1);
		expect(new Asking().refused(10)).toBe(63_000);
	});

	it('waits 20 to 30 seconds where next to nothing is left to it', () => {
		for (const share of [0, 1]) {
			const asking = new Asking();
			refused(asking, 5);
			expect(asking.refused(share)).toBe(20_000);
			chanceIs(1);
			expect(asking.refused(share)).toBe(30_000);
			chanceIs(0);
		}
	});

	it('asks soon after a refusal that tells little, and then calmer', () => {
		const gaps = (share: number) => {
			const asking = new Asking();
			return Array.from({ length: 8 }, () => asking.refused(share) / 1_000);
		};
		for (const share of [0, 1]) expect(gaps(share)).toEqual([1, 2, 4, 8, 16, 20, 20, 20]);
		for (const share of [2, 3]) expect(gaps(share)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
		expect(gaps(4)[0]).toBe(60);
	});

	it('asks less often when it brings nothing, down to once in three minutes', () => {
		const gaps = refused(new Asking(), 8);
		expect(gaps).toEqual([60_000, 60_000, 60_000, 60_000, 90_000, 135_000, 180_000, 180_000]);
	});

	it('asks more often again when it brings more, up to once a minute', () => {
		const asking = new Asking();
		refused(asking, 8);
		expect(refused(asking, 4, 3)).toEqual([120_000, 80_000, 60_000, 60_000]);
	});
});
