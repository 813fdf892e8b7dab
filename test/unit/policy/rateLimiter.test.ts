/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';

import { Deadline } from '../../../nodes/Twenty2/policy/deadline';
import { RateLimiter, type Permit } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { answered, because, permitOf, rateLimited, unsent } from './outcomes';

const MINUTE = 60_000;
/** Acquires every permit; their answers come when told to. */
async function full(limit: number): Promise<{ limiter: RateLimiter; permits: Permit[] }> {
	const limiter = new RateLimiter(limit);
	const permits = await Promise.all(
		Array.from({ length: limit }, async () => await permitOf(limiter)),
	);
	return { limiter, permits };
}

/** Has sent a request that was refused just now. */
async function refused(limit: number, retryAfterMs: number): Promise<RateLimiter> {
	const limiter = new RateLimiter(limit);
	(await permitOf(limiter)).settle(rateLimited(retryAfterMs));
	return limiter;
}

describe('RateLimiter', () => {
	useFakeTime();
	useShortestWaits();

	it('keeps a permit until 60 seconds after the answer, not after the sending', async () => {
		const { limiter, permits } = await full(1);
		const next = watch(permitOf(limiter));
		await pass(100_000);
		expect(next.at).toBeUndefined();

		permits.forEach((permit) => permit.settle(answered));
		await pass(MINUTE - 1);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(160_000);
	});

	it('keeps the permit of a refused request as long', async () => {
		const { limiter, permits } = await full(1);
		permits.forEach((permit) => permit.settle(rateLimited(1_000)));
		const next = watch(permitOf(limiter));
		await pass(MINUTE - 1);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(MINUTE);
	});

	it('heeds only the first thing that becomes of a permit', async () => {
		const ways: Array<(permit: Permit) => unknown> = [
			(permit) => permit.settle(answered),
			(permit) => permit.settle(unsent),
			(permit) => permit.settle(rateLimited(1_000)),
		];
		for (const [first, counting] of [
			[0, 2],
			[1, 1],
			[2, 2],
		] as const) {
			const { limiter, permits } = await full(2);
			for (const way of [ways[first], ...ways]) permits.slice(0, 1).forEach((one) => way?.(one));
			expect(limiter.state.counting).toBe(counting);
			// The other permit's request is still on its way.
			await pass(MINUTE);
			limiter.allow(2);
			expect(limiter.state.counting).toBe(1);
		}
	});

	it('rejects with the reason of a signal that had fired before', async () => {
		const { limiter } = await full(1);
		const reason = new Error('stopped');
		await expect(permitOf(limiter, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('rejects at once with the reason of the signal, and leaves no timer', async () => {
		const { limiter, permits } = await full(2);
		permits.forEach((permit) => permit.settle(answered));
		const stop = new AbortController();
		const waiting = [1, 2, 3].map(() => watch(permitOf(limiter, { signal: stop.signal })));
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
		const limiter = await refused(5, 1_000);
		watch(permitOf(limiter, { signal, deadline: new Deadline(0) }));
		watch(permitOf(limiter, { signal }));
		await settle();
		expect(getEventListeners(signal, 'abort')).toHaveLength(1);
		await pass(1_000);
		expect(getEventListeners(signal, 'abort')).toHaveLength(0);
	});

	it('gives the permit of one who leaves during a pause to the next', async () => {
		const limiter = await refused(2, 5_000);
		const stop = new AbortController();
		const first = watch(permitOf(limiter, { signal: stop.signal }));
		const second = watch(permitOf(limiter));
		stop.abort();
		await pass(5_000);
		expect(first.value).toBeUndefined();
		expect(second.at).toBe(5_000);
	});

	it('ignores a signal that fires after the permit was taken', async () => {
		const stop = new AbortController();
		const limiter = new RateLimiter(1);
		const permit = await permitOf(limiter, { signal: stop.signal });
		stop.abort();
		const next = watch(permitOf(limiter));
		await pass(MINUTE);
		expect(next.at).toBeUndefined();
		permit.settle(answered);
		await pass(MINUTE);
		expect(next.at).toBe(2 * MINUTE);
	});

	it('lets go first what was refused before', async () => {
		const { limiter, permits } = await full(2);
		const order: string[] = [];
		const queue = (name: string, first: boolean) =>
			void permitOf(limiter, { first }).then((permit) => {
				order.push(name);
				permit.settle(answered);
			});
		queue('new', false);
		permits[0]?.settle(rateLimited(1_000));
		queue('refused', true);
		permits[1]?.settle(answered);
		await pass(MINUTE + 2_000);
		expect(order).toEqual(['refused', 'new']);
	});

	it('lets nothing through after a refusal until the pause is over, then one probe, then all the others', async () => {
		const limiter = await refused(5, 3_000);
		const waiting = [1, 2, 3].map(() => watch(permitOf(limiter)));
		await pass(2_999);
		expect(waiting.map(({ at }) => at)).toEqual([undefined, undefined, undefined]);
		await pass(10_000);
		expect(waiting.map(({ at }) => at)).toEqual([3_000, undefined, undefined]);

		waiting[0]?.value?.settle(answered);
		await settle();
		expect(waiting.map(({ at }) => at)).toEqual([3_000, 12_999, 12_999]);
	});

	it('waits 1 to 2 seconds after a refusal, as chance has it, where Twenty2 says less', async () => {
		for (const [chance, wait] of [
			[0, 1_000],
			[0.5, 1_500],
			[0.875, 1_875],
		] as const) {
			vi.spyOn(Math, 'random').mockReturnValue(chance);
			const limiter = await refused(5, 10);
			const from = performance.now();
			const waiting = watch(permitOf(limiter));
			await pass(wait - 1);
			expect(waiting.at).toBeUndefined();
			await pass(1);
			expect(waiting.at).toBe(from + wait);
		}
	});

	it('pauses for the longer of two pauses, whichever came first', async () => {
		for (const [first, second] of [
			[10_000, 2_000],
			[2_000, 10_000],
		] as const) {
			const limiter = new RateLimiter(5);
			const begin = performance.now();
			const permits = [await permitOf(limiter), await permitOf(limiter)];
			permits[0]?.settle(rateLimited(first));
			permits[1]?.settle(rateLimited(second));
			const waiting = watch(permitOf(limiter));
			await pass(20_000);
			expect(waiting.at).toBe(begin + 10_000);
		}
	});

	it('counts a later pause from when it was set', async () => {
		const limiter = new RateLimiter(5);
		const permits = [await permitOf(limiter), await permitOf(limiter)];
		permits[0]?.settle(rateLimited(10_000));
		await pass(9_000);
		permits[1]?.settle(rateLimited(5_000));
		const waiting = watch(permitOf(limiter));
		await pass(5_000);
		expect(waiting.at).toBe(14_000);
	});

	it('refuses at once those with less patience than a pause, and keeps the others in order', async () => {
		const { limiter, permits } = await full(3);
		permits[0]?.settle(answered);
		permits[1]?.settle(answered);
		await pass(MINUTE - 1);
		const hasty = watch(permitOf(limiter, { deadline: new Deadline(4_999) }));
		const exact = watch(permitOf(limiter, { deadline: new Deadline(5_000) }));
		const patient = watch(permitOf(limiter));
		// The limit itself holds nothing back after the next millisecond.
		permits[2]?.settle(rateLimited(5_000));
		await settle();
		expect(hasty).toEqual({ reason: because, at: MINUTE - 1 });
		expect([exact.at, patient.at]).toEqual([undefined, undefined]);

		await pass(5_000);
		expect([exact.at, patient.at]).toEqual([MINUTE + 4_999, undefined]);
		exact.value?.settle(answered);
		await settle();
		expect(patient.at).toBe(MINUTE + 4_999);
	});

	it('does not try the patience of those who wait for the limit anyway', async () => {
		const { limiter, permits } = await full(1);
		const hasty = watch(permitOf(limiter, { deadline: new Deadline(4_999) }));
		permits[0]?.settle(rateLimited(5_000));
		await pass(MINUTE);
		expect(hasty.at).toBe(MINUTE);
	});

	it('refuses with what Twenty2 said last', async () => {
		const limiter = new RateLimiter(5);
		const last = new Error('still too many requests');
		const permits = [await permitOf(limiter), await permitOf(limiter)];
		permits[0]?.settle(rateLimited(1_000));
		permits[1]?.settle(rateLimited(8_000, last));
		const hasty = permitOf(limiter, { deadline: new Deadline(7_000) });
		await expect(hasty).rejects.toBe(last);
	});

	it('compares the patience of who comes later with what is left of the pause', async () => {
		const limiter = await refused(5, 8_000);
		await pass(3_000);
		const hasty = permitOf(limiter, { deadline: new Deadline(4_999) });
		await expect(hasty).rejects.toBe(because);
		const patient = watch(permitOf(limiter, { deadline: new Deadline(5_000) }));
		await pass(5_000);
		expect(patient.at).toBe(8_000);
	});

	it('probes with the next when the one that was to probe has left', async () => {
		const limiter = await refused(5, 3_000);
		const stop = new AbortController();
		const probe = watch(permitOf(limiter, { signal: stop.signal }));
		const next = watch(permitOf(limiter));
		await pass(3_000);
		// It has its permit and has not sent yet: it gives the permit back.
		stop.abort();
		probe.value?.settle(answered);
		await settle();
		expect(next.at).toBe(3_000);
	});

	it('holds a refused request back for longer than a timer lasts, and the others for 5 minutes', async () => {
		const month = 31 * 24 * 3_600_000;
		const limiter = await refused(5, month);
		const again = watch(permitOf(limiter, { first: true, notBefore: month }));
		const other = watch(permitOf(limiter));
		await pass(5 * MINUTE - 1);
		expect(other.at).toBeUndefined();
		await pass(1);
		expect(other.at).toBe(5 * MINUTE);
		other.value?.settle(answered);

		await pass(month - 5 * MINUTE - 1);
		expect(again.at).toBeUndefined();
		await pass(1);
		expect(again.at).toBe(month);
	});

	it('refuses a request at once if its deadline comes before it may be sent', async () => {
		const limiter = await refused(5, 10 * MINUTE);
		const given = { first: true, notBefore: 10 * MINUTE, deadline: new Deadline(9 * MINUTE) };
		await expect(permitOf(limiter, given)).rejects.toBe(because);
	});

	it('refuses it also when the pause of the others is over', async () => {
		const limiter = await refused(5, 10 * MINUTE);
		await pass(6 * MINUTE);
		const given = { first: true, notBefore: 10 * MINUTE, deadline: new Deadline(3 * MINUTE) };
		const late = watch(permitOf(limiter, given));
		await pass(10 * MINUTE);
		expect(late).toEqual({ reason: because, at: 6 * MINUTE });
	});

	it('lets those waiting through at once when the limit rises', async () => {
		const { limiter } = await full(1);
		const waiting = [1, 2, 3].map(() => watch(permitOf(limiter)));
		await settle();
		limiter.allow(3);
		await settle();
		expect(waiting.map(({ at }) => at)).toEqual([0, 0, undefined]);
	});

	it('holds back when the limit falls, until fewer count than it', async () => {
		const { limiter, permits } = await full(3);
		limiter.allow(2);
		const next = watch(permitOf(limiter));
		permits[0]?.settle(answered);
		await pass(1_000);
		permits[1]?.settle(answered);
		await pass(MINUTE - 1);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(61_000);
	});

	it('sends no sooner after a refusal when the limit rises', async () => {
		const { limiter, permits } = await full(1);
		permits[0]?.settle(rateLimited(5_000));
		const next = watch(permitOf(limiter));
		await pass(1_000);
		limiter.allow(60);
		await pass(3_999);
		expect(next.at).toBeUndefined();
		await pass(1);
		expect(next.at).toBe(5_000);
	});

	it('is idle before anything was sent', () => {
		expect(new RateLimiter(1).idle).toBe(true);
	});

	it('is not idle from the sending until 60 seconds after the answer', async () => {
		const { limiter, permits } = await full(1);
		await pass(90_000);
		expect(limiter.idle).toBe(false);
		permits.forEach((permit) => permit.settle(answered));
		await pass(MINUTE - 1);
		expect(limiter.idle).toBe(false);
		await pass(1);
		expect(limiter.idle).toBe(true);
	});

	it('is not idle while a pause lasts, and is idle after somebody has waited', async () => {
		const limiter = await refused(1, 90_000);
		const stop = new AbortController();
		const waiting = watch(permitOf(limiter, { signal: stop.signal }));
		stop.abort();
		await settle();
		expect(waiting.at).toBe(0);
		await pass(89_999);
		expect(limiter.idle).toBe(false);
		await pass(1);
		expect(limiter.idle).toBe(true);
	});

	it('is not idle while somebody waits', async () => {
		const limiter = new RateLimiter(1);
		limiter.allow(0);
		watch(permitOf(limiter));
		await settle();
		expect(limiter.idle).toBe(false);
	});

	it('holds one permit back for 30 seconds after 70 permits at its limit', async () => {
		const limiter = new RateLimiter(2);
		const sentAt: number[] = [];
		const sendWithoutEnd = async () => {
			for (;;) {
				const permit = await permitOf(limiter);
				sentAt.push(performance.now());
				permit.settle(answered);
			}
		};
		void sendWithoutEnd();
		// One permit of each minute reaches the limit.
		await pass(71 * MINUTE - 1);
		expect(sentAt.slice(138)).toEqual([
			69 * MINUTE,
			69 * MINUTE,
			70 * MINUTE,
			70 * MINUTE + 30_000,
		]);
	});

	it('tells how many wait and how many count', async () => {
		const { limiter } = await full(2);
		watch(permitOf(limiter));
		expect(limiter.state).toEqual({ waiting: 1, counting: 2, limit: 2 });
	});
});

describe('Deadline', () => {
	useFakeTime();

	it('a deadline begins with the first refusal, and anew after a restart', async () => {
		const deadline = new Deadline(5_000);
		await pass(10_000);
		expect(deadline.allows(15_000, performance.now())).toBe(true);
		expect(deadline.allows(15_001, performance.now())).toBe(false);

		await pass(3_000);
		deadline.restart();
		expect(deadline.at).toBeUndefined();
		expect(deadline.allows(18_000, performance.now())).toBe(true);
		expect(deadline.allows(18_001, performance.now())).toBe(false);
	});
});
