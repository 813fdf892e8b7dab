import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Endurance } from '../../../nodes/Twenty2/policy/endurance';
import { Window, type Entry, type Place } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, settle, useFakeTime, watch } from './fakeTime';

const MINUTE = 60_000;
const never = new AbortController().signal;
const because = new Error('too many requests');

const enter = async (window: Window, entry: Partial<Entry> = {}): Promise<Place> =>
	await window.enter({ kind: 'create', signal: never, ...entry });

/** Takes every place; their answers come when told to. */
async function full(limit: number): Promise<{ window: Window; places: Place[] }> {
	const window = new Window(limit, 3);
	const places = await Promise.all(Array.from({ length: limit }, async () => await enter(window)));
	return { window, places };
}

/** Has sent a create that was refused just now. */
async function refused(limit: number, retryAfterMs: number): Promise<Window> {
	const window = new Window(limit, 3);
	(await enter(window)).refused(because, retryAfterMs);
	return window;
}

describe('Window', () => {
	useFakeTime();

	// The shortest waits that chance gives.
	beforeEach(() => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('keeps a place until 60 seconds after the answer, not after the sending', async () => {
		const { window, places } = await full(1);
		const next = watch(enter(window));
		await pass(100_000);
		expect(next.at).toBeUndefined();

		places.forEach((place) => place.answered());
		await pass(MINUTE - 1);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(160_000);
	});

	it('keeps the place of a refused request as long', async () => {
		const { window, places } = await full(1);
		places.forEach((place) => place.refused(because, 1_000));
		const next = watch(enter(window));
		await pass(MINUTE - 1);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(MINUTE);
	});

	it('rejects with the reason of a signal that had fired before', async () => {
		const { window } = await full(1);
		const reason = new Error('stopped');
		await expect(enter(window, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('rejects at once with the reason of the signal, and leaves no timer', async () => {
		const { window, places } = await full(2);
		places.forEach((place) => place.answered());
		const stop = new AbortController();
		const waiting = [1, 2, 3].map(() => watch(enter(window, { signal: stop.signal })));
		await settle();
		expect(vi.getTimerCount()).toBe(1);

		const reason = new Error('stopped');
		stop.abort(reason);
		await settle();
		expect(waiting.map((one) => one.reason)).toEqual([reason, reason, reason]);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('listens to the signal no longer than somebody waits', async () => {
		const { signal } = new AbortController();
		const window = await refused(5, 1_000);
		watch(enter(window, { signal, endurance: new Endurance(0) }));
		watch(enter(window, { signal }));
		await settle();
		expect(getEventListeners(signal, 'abort')).toHaveLength(1);
		await pass(1_000);
		expect(getEventListeners(signal, 'abort')).toHaveLength(0);
	});

	it('gives the place of one who leaves during a pause to the next', async () => {
		const window = await refused(2, 5_000);
		const stop = new AbortController();
		const first = watch(enter(window, { signal: stop.signal }));
		const second = watch(enter(window));
		stop.abort();
		await pass(5_000);
		expect(first.value).toBeUndefined();
		expect(second.at).toBe(5_000);
	});

	it('ignores a signal that fires after the place was taken', async () => {
		const stop = new AbortController();
		const window = new Window(1, 3);
		const place = await enter(window, { signal: stop.signal });
		stop.abort();
		const next = watch(enter(window));
		await pass(MINUTE);
		expect(next.at).toBeUndefined();
		place.answered();
		await pass(MINUTE);
		expect(next.at).toBe(2 * MINUTE);
	});

	it('lets go first what was refused before', async () => {
		const { window, places } = await full(2);
		const order: string[] = [];
		const queue = (name: string, again: boolean) =>
			void enter(window, { again }).then((place) => {
				order.push(name);
				place.answered();
			});
		queue('new', false);
		places[0]?.refused(because, 1_000);
		queue('refused', true);
		places[1]?.answered();
		await pass(MINUTE);
		expect(order).toEqual(['refused', 'new']);
	});

	describe('refused', () => {
		it('lets nothing through until it is over, then one that asks, then the others', async () => {
			const window = await refused(5, 3_000);
			const waiting = [1, 2, 3].map(() => watch(enter(window)));
			await pass(2_999);
			expect(waiting.map(({ at }) => at)).toEqual([undefined, undefined, undefined]);
			await pass(10_000);
			expect(waiting.map(({ at }) => at)).toEqual([3_000, undefined, undefined]);

			waiting[0]?.value?.answered();
			await settle();
			expect(waiting[1]?.at).toBe(12_999);
			waiting[1]?.value?.answered();
			await settle();
			expect(waiting[2]?.at).toBe(12_999);
		});

		it('waits 1 to 2 seconds, as chance has it, where Twenty2 says less', async () => {
			for (const [chance, wait] of [
				[0, 1_000],
				[0.5, 1_500],
				[0.875, 1_875],
			] as const) {
				vi.spyOn(Math, 'random').mockReturnValue(chance);
				const window = await refused(5, 10);
				const from = performance.now();
				const waiting = watch(enter(window));
				await pass(wait - 1);
				expect(waiting.at).toBeUndefined();
				await pass(1);
				expect(waiting.at).toBe(from + wait);
			}
		});

		it('stays so for the longer of two pauses, whichever came first', async () => {
			for (const [first, second] of [
				[10_000, 2_000],
				[2_000, 10_000],
			] as const) {
				const window = new Window(5, 3);
				const begin = performance.now();
				const places = [await enter(window), await enter(window)];
				places[0]?.refused(because, first);
				places[1]?.refused(because, second);
				const waiting = watch(enter(window));
				await pass(20_000);
				expect(waiting.at).toBe(begin + 10_000);
			}
		});

		it('counts a later pause from when it was set', async () => {
			const window = new Window(5, 3);
			const places = [await enter(window), await enter(window)];
			places[0]?.refused(because, 10_000);
			await pass(9_000);
			places[1]?.refused(because, 5_000);
			const waiting = watch(enter(window));
			await pass(5_000);
			expect(waiting.at).toBe(14_000);
		});

		it('refuses at once those with less patience, and keeps the others in order', async () => {
			const { window, places } = await full(1);
			const hasty = watch(enter(window, { endurance: new Endurance(4_999) }));
			const exact = watch(enter(window, { endurance: new Endurance(5_000) }));
			const patient = watch(enter(window));
			places[0]?.refused(because, 5_000);
			window.allow(3, 3);
			await settle();
			expect(hasty).toEqual({ reason: because, at: 0 });
			expect([exact.at, patient.at]).toEqual([undefined, undefined]);

			await pass(5_000);
			expect([exact.at, patient.at]).toEqual([5_000, undefined]);
			exact.value?.answered();
			await settle();
			expect(patient.at).toBe(5_000);
		});

		it('does not try the patience of those who wait for the limit anyway', async () => {
			const { window, places } = await full(1);
			const hasty = watch(enter(window, { endurance: new Endurance(4_999) }));
			places[0]?.refused(because, 5_000);
			await pass(MINUTE);
			expect(hasty.at).toBe(MINUTE);
		});

		it('refuses with what Twenty2 said last', async () => {
			const window = new Window(5, 3);
			const last = new Error('still too many requests');
			const places = [await enter(window), await enter(window)];
			places[0]?.refused(because, 1_000);
			places[1]?.refused(last, 8_000);
			const hasty = enter(window, { endurance: new Endurance(7_000) });
			await expect(hasty).rejects.toBe(last);
		});

		it('compares the patience of who comes later with what is left of the pause', async () => {
			const window = await refused(5, 8_000);
			await pass(3_000);
			const hasty = enter(window, { endurance: new Endurance(4_999) });
			await expect(hasty).rejects.toBe(because);
			const patient = watch(enter(window, { endurance: new Endurance(5_000) }));
			await pass(5_000);
			expect(patient.at).toBe(8_000);
		});

		it('goes on asking when the one that was to ask has left', async () => {
			const window = await refused(5, 3_000);
			const stop = new AbortController();
			const asking = watch(enter(window, { signal: stop.signal }));
			const next = watch(enter(window));
			await pass(3_000);
			// Let in, it has not sent yet: it gives its place back.
			stop.abort();
			asking.value?.answered();
			await settle();
			expect(next.at).toBe(3_000);
		});

		it('lasts longer than a timer can, without spinning', async () => {
			const month = 31 * 24 * 3_600_000;
			const window = await refused(5, month);
			const waiting = watch(enter(window));
			await pass(month - 1);
			expect(waiting.at).toBeUndefined();
			await pass(1);
			expect(waiting.at).toBe(month);
		});

		it('lets reads and creates through alike, whichever was refused', async () => {
			for (const [one, other] of [
				['create', 'read'],
				['read', 'create'],
			] as const) {
				const window = new Window(5, 3);
				(await enter(window)).answered();
				(await enter(window, { kind: one })).refused(because, 90_000);
				const from = performance.now();
				const waiting = watch(enter(window, { kind: other }));
				await pass(89_999);
				expect(waiting.at).toBeUndefined();
				await pass(1);
				expect(waiting.at).toBe(from + 90_000);
			}
		});
	});

	describe('allow', () => {
		it('lets those waiting through at once when the limit rises', async () => {
			const { window } = await full(1);
			const waiting = [1, 2, 3].map(() => watch(enter(window)));
			await settle();
			window.allow(3, 3);
			await settle();
			expect(waiting.map(({ at }) => at)).toEqual([0, 0, undefined]);
		});

		it('holds back when the limit falls, until fewer count than it', async () => {
			const { window, places } = await full(3);
			window.allow(2, 3);
			const next = watch(enter(window));
			places[0]?.answered();
			await pass(1_000);
			places[1]?.answered();
			await pass(MINUTE - 1);
			expect(next.at).toBeUndefined();
			await pass(1);
			expect(next.at).toBe(61_000);
		});

		it('sends no sooner after a refusal when the limit rises', async () => {
			const { window, places } = await full(1);
			places[0]?.refused(because, 5_000);
			const next = watch(enter(window));
			await pass(1_000);
			window.allow(60, 3);
			await pass(3_999);
			expect(next.at).toBeUndefined();
			await pass(1);
			expect(next.at).toBe(5_000);
		});
	});

	describe('idle', () => {
		it('is true before anything was sent', () => {
			expect(new Window(1, 3).idle).toBe(true);
		});

		it('is false from the sending until 60 seconds after the answer', async () => {
			const { window, places } = await full(1);
			await pass(90_000);
			expect(window.idle).toBe(false);
			places.forEach((place) => place.answered());
			await pass(MINUTE - 1);
			expect(window.idle).toBe(false);
			await pass(1);
			expect(window.idle).toBe(true);
		});

		it('is false while a pause lasts, and not because somebody has waited', async () => {
			const window = await refused(1, 90_000);
			const stop = new AbortController();
			const waiting = watch(enter(window, { signal: stop.signal }));
			stop.abort();
			await settle();
			expect(waiting.at).toBe(0);
			await pass(89_999);
			expect(window.idle).toBe(false);
			await pass(1);
			expect(window.idle).toBe(true);
		});

		it('is false while somebody waits', async () => {
			const window = new Window(1, 3);
			window.allow(0, 3);
			watch(enter(window));
			await settle();
			expect(window.idle).toBe(false);
		});
	});

	it('tells how many wait and how many count', async () => {
		const { window } = await full(2);
		watch(enter(window));
		expect(window.state).toEqual({ waiting: 1, counting: 2, limit: 2 });
	});
});
