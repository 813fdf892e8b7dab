import { expect, it, vi } from 'vitest';

import { AdaptiveLimit } from '../../../nodes/Twenty2/policy/adaptiveLimit';
import { Shortage, type About } from '../../../nodes/Twenty2/policy/shortage';
import { SlidingWindow } from '../../../nodes/Twenty2/policy/slidingWindow';
import { pass, useFakeTime, useShortestWaits } from './fakeTime';
import { answered, rateLimited, unsent } from './outcomes';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A limit and its window, with requests that are answered at once. */
function limitOf(keyLimit: number) {
	const window = new SlidingWindow();
	const shortage = new Shortage();
	const limit = new AdaptiveLimit(window, () => keyLimit, shortage);
	const now = () => performance.now();
	/** Sends a request that is not answered yet. */
	const begin = () => {
		window.forget(now());
		const grant = limit.grant(0, now());
		window.send();
		return grant;
	};
	/** Sends a request that is answered at once. @returns whether it was a probe */
	const send = (accepted: boolean, about: About = 'requests') => {
		const grant = begin();
		const outcome = accepted ? answered : rateLimited();
		window.settle(outcome);
		limit.settle(grant, outcome, about, now());
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
	/** Sends what is within the share. */
	const fill = () => {
		window.forget(now());
		while (window.count < limit.size) send(true);
	};
	/** Has the next probe answered. */
	const probe = async (accepted: boolean) => {
		await pass(7 * MINUTE);
		fill();
		expect(send(accepted)).toBe(true);
	};
	/** Has the next probe refused. @returns the seconds until the one after it */
	const refuseProbe = async () => {
		await probe(false);
		let seconds = 0;
		for (; limit.opensAt(0) > now(); seconds++) {
			await pass(SECOND);
			fill();
		}
		return seconds;
	};
	return { limit, window, shortage, begin, send, sendWhenOpen, share, probe, refuseProbe };
}

useFakeTime();
useShortestWaits();

it('the share of a key that others use too is what was accepted, and at most half of the key', async () => {
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

it('the share shrinks by a quarter at a refusal within it, and never below one', async () => {
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

it.each([
	[0, 750],
	[0.5, 1_500],
])(
	'the share grows by slow start while probes go through, in rounds of 1, 2 and 4 (chance %d)',
	async (chance, pause) => {
		vi.spyOn(Math, 'random').mockReturnValue(chance);
		const { limit, sendWhenOpen, share } = limitOf(60);
		await share(10);
		await pass(2 * MINUTE);
		const sentAfter: number[] = [];
		for (let n = 0; n < 10 + 7; n++) sentAfter.push(await sendWhenOpen(true));
		// Ten within the share at once, then one, two and four beyond it, with pauses in between.
		expect(sentAfter.slice(10)).toEqual([0, pause, 0, pause, 0, 0, 0]);
		expect(limit.size).toBe(17);
	},
);

it('the share lets a round end at a refused probe, and begins with one again', async () => {
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

it('the share probes a minute after the first refused probe, then ever later', async () => {
	const { share, refuseProbe } = limitOf(60);
	await share(10);
	for (const gap of [60, 90, 126, 177, 247, 346, 360, 360]) {
		expect(await refuseProbe()).toBe(gap);
	}
});

it('the share probes sooner again when a probe went through', async () => {
	const { share, probe, refuseProbe } = limitOf(60);
	await share(10);
	for (const gap of [60, 90, 126, 177, 247]) expect(await refuseProbe()).toBe(gap);
	await probe(true);
	// Half of the three that count are forgotten, and this one is new.
	expect(await refuseProbe()).toBe(177);
});

it('the share is not held up by the minute in which nothing of it was accepted', async () => {
	const { limit, send, share } = limitOf(60);
	await share(20);
	await pass(2 * MINUTE);
	expect(limit.opensAt(0)).toBeLessThanOrEqual(performance.now());
	for (let n = 0; n < 20; n++) expect(send(true)).toBe(false);
});

it.each([
	[5, 4],
	[6, 3],
])(
	'the share ignores refusals beyond it, except within a share of five (%i)',
	async (size, left) => {
		const { limit, send } = limitOf(60);
		for (let n = 1; n < size; n++) send(true);
		await pass(30 * SECOND);
		send(true);
		send(false);
		await pass(SECOND);
		send(false);
		expect(limit.size).toBe(size);
		// One that was accepted and the two that were refused still count.
		await pass(35 * SECOND);
		let within = 0;
		while (limit.opensAt(0) <= performance.now() && !send(true)) within++;
		expect(within).toBe(left);
	},
);

it('the share lets one probe go at a time, whatever becomes of other requests', async () => {
	const { limit, window, begin, share } = limitOf(60);
	await share(10);
	await pass(MINUTE + SECOND);
	const within = [begin(), begin()];
	for (let n = 0; n < 8; n++) begin();
	const probe = begin();
	expect(probe.isProbe).toBe(true);
	expect(limit.opensAt(0)).toBe(Number.POSITIVE_INFINITY);
	const [notSent, refused] = within;
	const now = performance.now();
	if (notSent) limit.settle(notSent, unsent, 'requests', now);
	if (refused) limit.settle(refused, rateLimited(), 'requests', now);
	expect(limit.probing).toBe(true);
	expect(window.inFlight).toBe(11);
	limit.settle(probe, unsent, 'requests', now);
	expect(limit.probing).toBe(false);
});

it.each([
	['a minute after the first', MINUTE, true],
	['more than a minute after the first', MINUTE + SECOND, false],
])('the share is verified once a minute: a refusal %s', async (_, after, shared) => {
	const { limit, send } = limitOf(60);
	send(true);
	send(false);
	await pass(SECOND);
	expect(send(true)).toBe(true);
	expect(limit.shared).toBe(false);
	await pass(after - SECOND);
	send(false);
	expect(limit.shared).toBe(shared);
});

it.each([
	['no early probe', 4 * SECOND + 1, true],
	['an early probe', 4 * SECOND, false],
])('the share needs %s where own requests leave the window in %i ms', async (_, ms, shared) => {
	const { limit, send } = limitOf(3);
	send(true);
	await pass(ms);
	send(true);
	await pass(MINUTE - ms - ms);
	expect(limit.shared).toBe(false);
	send(false);
	expect(limit.shared).toBe(shared);
});

it('the share probes every 20 seconds with one request accepted in the last minute', async () => {
	const { limit, send, window, share } = limitOf(60);
	await share(1);
	await pass(2 * MINUTE);
	send(true);
	expect(send(false)).toBe(true);
	window.forget(performance.now());
	expect(limit.opensAt(0)).toBe(performance.now() + 20 * SECOND);
});

it('the key is not shared while refusals may be about lines, because a look has to tell', async () => {
	const { limit, send, shortage } = limitOf(60);
	send(true);
	send(false, 'unclear');
	expect(shortage.state).toBe('none');
	await pass(SECOND);
	send(false, 'unclear');
	expect(shortage.state).toBe('unclear');
	expect(limit.shared).toBe(false);
});

it('the share asks for a look at once where earlier refusals came before any call', async () => {
	const { limit, send, shortage } = limitOf(60);
	send(true);
	shortage.about({ sentAt: 0, canLook: true, live: 0 });
	send(false, 'unclear');
	expect(shortage.state).toBe('unclear');
	expect(limit.shared).toBe(false);
});

it('the share is verified no longer when lines turn out to be the cause', async () => {
	const { limit, send, begin, shortage } = limitOf(60);
	send(true);
	const late = begin();
	send(false);
	// Sent before, so it tells nothing of the refusal.
	limit.settle(late, rateLimited(), 'lines', performance.now());
	await pass(SECOND);
	expect(send(false, 'lines')).toBe(true);
	await pass(SECOND);
	expect([send(true), send(true)]).toEqual([false, false]);
	expect(shortage.state).toBe('none');
});

it('the share does not learn from refusals that lines cause', async () => {
	const { limit, send } = limitOf(60);
	send(true);
	send(false, 'lines');
	await pass(SECOND);
	send(false, 'lines');
	expect(limit.shared).toBe(false);
	expect(limit.opensAt(0)).toBeLessThanOrEqual(performance.now() + 2 * SECOND);
});
