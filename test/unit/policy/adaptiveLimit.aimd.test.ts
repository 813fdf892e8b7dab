import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { AdaptiveLimit, type RefusalCause } from '../../../nodes/Twenty2/policy/adaptiveLimit';
import { SlidingWindow } from '../../../nodes/Twenty2/policy/slidingWindow';
import { pass, useFakeTime } from './fakeTime';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A limit and its window, with requests that are answered at once. */
function limitOf(keyLimit: number) {
	const window = new SlidingWindow();
	const limit = new AdaptiveLimit(window, () => keyLimit);
	const now = () => performance.now();
	const send = (accepted: boolean, cause: RefusalCause = 'window', retryAfterMs = 0) => {
		window.forget(now());
		const grant = limit.grant(0, now());
		window.send();
		window.answer(accepted);
		if (accepted) limit.accepted(grant, now());
		else limit.refused(grant, retryAfterMs, cause, now());
		return grant.isProbe;
	};
	/** Sends as soon as the limit allows it. @returns how long that took */
	const sendWhenOpen = async (accepted: boolean) => {
		const from = now();
		while (limit.opensAt(0) > now()) {
			await pass(Math.max(1, Math.min(limit.opensAt(0), now() + MINUTE) - now()));
			window.forget(now());
		}
		send(accepted);
		return now() - from;
	};
	/** Has `accepted` requests in the window, and is shared. */
	const share = async (accepted: number) => {
		for (let n = 0; n < accepted; n++) send(true);
		send(false);
		await pass(SECOND);
		send(false);
	};
	return { limit, window, send, sendWhenOpen, share };
}

describe('The share of a key that other processes use, too', () => {
	useFakeTime();

	// The shortest waits that chance gives.
	beforeEach(() => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});

	it('is what was accepted, and at most half of the key', async () => {
		for (const [accepted, size] of [
			[0, 1],
			[20, 20],
			[45, 30],
		] as const) {
			const { limit, share } = limitOf(60);
			await share(accepted);
			expect(limit.size).toBe(size);
		}
	});

	it('shrinks by a quarter at a refusal within it, and never below one', async () => {
		const { limit, send, share } = limitOf(60);
		await share(20);
		await pass(MINUTE);
		for (let n = 0; n < 12; n++) send(true);
		await pass(SECOND);
		expect(send(false)).toBe(false);
		expect(limit.size).toBe(9);
		for (let n = 0; n < 9; n++) {
			await pass(2 * MINUTE);
			send(true);
			await pass(SECOND);
			send(false);
		}
		expect(limit.size).toBe(1);
	});

	it('grows by slow start while probes go through, in rounds of 1, 2 and 4', async () => {
		const { limit, sendWhenOpen, share } = limitOf(60);
		await share(10);
		await pass(MINUTE + SECOND);
		const sentAfter: number[] = [];
		for (let n = 0; n < 10 + 7; n++) sentAfter.push(await sendWhenOpen(true));
		// Ten within the share at once, then one, two and four beyond it, with 750 ms in between.
		expect(sentAfter.slice(10)).toEqual([0, 750, 0, 750, 0, 0, 0]);
		expect(limit.size).toBe(17);
	});

	it('lets a round end at a refused probe, and begins with one again', async () => {
		const { sendWhenOpen, share } = limitOf(60);
		await share(10);
		await pass(MINUTE + SECOND);
		for (let n = 0; n < 10 + 3; n++) await sendWhenOpen(true);
		expect(await sendWhenOpen(false)).toBe(750);
		// The share is free again after a minute, and so is the next probe.
		await pass(MINUTE + SECOND);
		for (let n = 0; n < 13; n++) expect(await sendWhenOpen(true)).toBe(0);
		expect([await sendWhenOpen(true), await sendWhenOpen(true)]).toEqual([0, 750]);
	});

	it('probes a minute after the first refused probe, then ever later', async () => {
		const { limit, send, window, share } = limitOf(60);
		await share(10);
		const gaps: number[] = [];
		for (let n = 0; n < 8; n++) {
			await pass(MINUTE + SECOND);
			window.forget(performance.now());
			// So that the process is not starved, and a probe is due.
			for (let k = 0; k < limit.size; k++) send(true);
			await pass(6 * MINUTE);
			for (let k = 0; k < limit.size; k++) send(true);
			expect(send(false)).toBe(true);
			let ms = 0;
			while (limit.opensAt(0) > performance.now() && ms < 10 * MINUTE) {
				await pass(SECOND);
				window.forget(performance.now());
				while (window.count < limit.size) send(true);
				ms += SECOND;
			}
			gaps.push(Math.round(ms / SECOND));
		}
		expect(gaps).toEqual([60, 90, 126, 177, 247, 346, 360, 360]);
	});

	it('is nothing that lines are the cause of', async () => {
		const { limit, send } = limitOf(60);
		send(true);
		send(false, 'lines');
		await pass(SECOND);
		send(false, 'lines');
		expect(limit.shared).toBe(false);
		expect(limit.opensAt(0)).toBeLessThanOrEqual(performance.now() + 2 * SECOND);
	});
});
