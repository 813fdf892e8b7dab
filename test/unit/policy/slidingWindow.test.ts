/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { describe, expect, it, vi } from 'vitest';

import { SlidingWindow } from '../../../nodes/Twenty2/policy/slidingWindow';
import { pass, useFakeTime } from './fakeTime';
import { answered as ok, rateLimited } from './outcomes';

const MINUTE = 60_000;

/** Sends a number of requests, answered at once. */
function answered(many: number, accepted = true): SlidingWindow {
	const window = new SlidingWindow();
	for (let i = 0; i < many; i++) {
		window.send();
		window.settle(accepted ? ok : rateLimited());
	}
	return window;
}

describe('SlidingWindow', () => {
	useFakeTime();

	it('counts a request from its sending until a minute after its answer', async () => {
		const window = new SlidingWindow();
		window.send();
		await pass(10 * MINUTE);
		window.forget(performance.now());
		expect(window.count).toBe(1);

		window.settle(ok);
		await pass(MINUTE - 1);
		window.forget(performance.now());
		expect(window.count).toBe(1);
		await pass(1);
		window.forget(performance.now());
		expect(window.count).toBe(0);
	});

	it('counts refused requests too, but not as accepted', async () => {
		const window = answered(3);
		await pass(1_000);
		window.send();
		window.settle(rateLimited());
		expect([window.count, window.accepted]).toEqual([4, 3]);

		await pass(MINUTE - 1_000);
		window.forget(performance.now());
		expect([window.count, window.accepted]).toEqual([1, 0]);
	});

	it.each([60, -60])(
		'takes no notice when the machine’s clock is set by %i minutes',
		async (minutes) => {
			const window = answered(3);
			vi.setSystemTime(Date.now() + minutes * MINUTE);
			window.forget(performance.now());
			expect(window.count).toBe(3);

			await pass(MINUTE);
			window.forget(performance.now());
			expect(window.count).toBe(0);
		},
	);

	it('forgets each request at its own time', async () => {
		const window = answered(2);
		await pass(1_000);
		window.send();
		window.settle(ok);
		await pass(MINUTE - 1_000);
		window.forget(performance.now());
		expect([window.count, window.accepted]).toEqual([1, 1]);
	});

	it('is up to date when an answer comes, however long that took', async () => {
		const window = answered(2);
		window.send();
		await pass(10 * MINUTE);
		window.settle(ok);
		expect([window.count, window.accepted]).toEqual([1, 1]);
	});

	it('has been below a limit already while there is room', () => {
		expect(answered(2).belowAt(3)).toBeLessThan(performance.now());
		expect(answered(2).belowAt(Number.POSITIVE_INFINITY)).toBeLessThan(performance.now());
	});

	it('is below a limit when as many have left as are too many', async () => {
		const window = answered(1);
		await pass(1_000);
		window.send();
		window.settle(ok);
		expect(window.belowAt(2)).toBe(MINUTE);
		expect(window.belowAt(1)).toBe(MINUTE + 1_000);
	});

	it('does not know when it is below a limit while answers are missing', async () => {
		const window = answered(1);
		window.send();
		expect(window.belowAt(2)).toBe(MINUTE);
		expect(window.belowAt(1)).toBe(Number.POSITIVE_INFINITY);
	});

	it('is never below a limit where nothing may count', () => {
		expect(answered(0).belowAt(0)).toBe(Number.POSITIVE_INFINITY);
		expect(answered(3).belowAt(0)).toBe(Number.POSITIVE_INFINITY);
		expect(answered(3).belowAt(-1)).toBe(Number.POSITIVE_INFINITY);
	});
});

const REQUESTS = 10_000;

/** How much CPU time many requests take, in microseconds, while a number of others count. */
function workWhile(counting: number): number {
	let now = 0;
	const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
	const window = new SlidingWindow();
	const request = () => {
		now += MINUTE / counting;
		window.send();
		window.settle(ok);
		window.forget(now);
		window.belowAt(counting / 2);
	};
	for (let i = 0; i < counting; i++) request();
	expect(window.count).toBeGreaterThan(0.9 * counting);

	const from = process.cpuUsage();
	for (let i = 0; i < REQUESTS; i++) request();
	const { user, system } = process.cpuUsage(from);
	clock.mockRestore();
	return user + system;
}

// Stryker's instrumentation is work as well.
it.skipIf(process.env.STRYKER_MUTATOR_WORKER)(
	'does no more work for one request among many than among few',
	() => {
		const least = (counting: number) =>
			Math.min(...Array.from({ length: 5 }, () => workWhile(counting)));
		least(10);
		const [few, many] = [least(10), least(10_000)];
		// One step for each that counts would be a thousand times as much.
		expect(many).toBeLessThan(20 * few);
	},
);
