import { afterEach, describe, expect, it, vi } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { RateLimiter, type Permit } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { answered, permitOf, rateLimited } from './outcomes';
import { noting, opened, request, through, TooMany } from './requests';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const three = { requestsPerMinute: 60, concurrentCalls: 3 };

const refuse = (permit: Permit | undefined, retryAfterMs = 0) =>
	permit?.settle(rateLimited(retryAfterMs));

interface Sent {
	at: number;
	accepted: boolean;
}

/** Sends without end, to a Twenty2 that answers at once and accepts what `accepts` says. */
function sendWithoutEnd(limiter: RateLimiter, accepts: (sent: Sent[]) => boolean): Sent[] {
	const sent: Sent[] = [];
	const goOn = async () => {
		for (;;) {
			const permit = await permitOf(limiter);
			const accepted = accepts(sent);
			sent.push({ at: performance.now(), accepted });
			if (accepted) permit.settle(answered);
			else refuse(permit);
		}
	};
	void goOn();
	return sent;
}

const between = (sent: Sent[], from: number, to: number) =>
	sent.filter(({ at }) => at >= from && at < to);

const acceptedOf = (sent: Sent[]) => sent.filter(({ accepted }) => accepted).length;

/** As if others took the rest of every minute at Twenty2. */
const leaving = (requests: number) => (sent: Sent[]) =>
	acceptedOf(between(sent, performance.now() - MINUTE + 1, Number.POSITIVE_INFINITY)) < requests;

useFakeTime();

afterEach(() => {
	vi.restoreAllMocks();
});

it('is no limit until the first refusal', async () => {
	const sent = sendWithoutEnd(new RateLimiter(60), () => true);
	await settle();
	expect(sent).toHaveLength(60);
});

describe.each([0, 0.5, 0.875])('after a 429, with chance %d', (chance) => {
	it.each([
		['creates', 0],
		['creates', 300],
		['creates', 7_000],
		['reads', 0],
		['reads', 7_000],
		['polls', 7_000],
	] as const)(
		'sends none of the %s for %i ms after a 429, and not for a second',
		async (lane, ms) => {
			vi.spyOn(Math, 'random').mockReturnValue(chance);
			const budget = new Budget(three);
			const order: string[] = [];
			watch(through(opened(budget)[lane], request(noting(order)('refused', new TooMany(ms)))));
			await settle();
			for (const other of ['creates', 'reads', 'polls'] as const) {
				watch(through(opened(budget)[other], request(noting(order)(other))));
			}
			await pass(Math.max(ms, SECOND) - 1);
			expect(order).toEqual(['refused']);
			await pass(10 * SECOND);
			expect(order).toHaveLength(5);
		},
	);
});

it('lets one probe go after a stray 429, and all the others as soon as it is accepted', async () => {
	const limiter = new RateLimiter(60);
	refuse(await permitOf(limiter));
	const waiting = Array.from({ length: 40 }, () => watch(permitOf(limiter)));
	await pass(10 * SECOND);
	expect(waiting.filter(({ value }) => value)).toEqual([waiting[0]]);
	waiting[0]?.value?.settle(answered);
	await settle();
	expect(waiting.every(({ value }) => value)).toBe(true);
});

it('loses only seconds by a stray 429, also when most of the limit is used', async () => {
	const limiter = new RateLimiter(60);
	for (let i = 0; i < 30; i++) (await permitOf(limiter)).settle(answered);
	const sent = sendWithoutEnd(limiter, (before) => before.length > 0);
	await pass(5 * SECOND);
	expect(acceptedOf(sent)).toBe(29);
});

it('goes on with what was accepted when the probe is refused as well', async () => {
	const limiter = new RateLimiter(60);
	for (let i = 0; i < 20; i++) (await permitOf(limiter)).settle(answered);
	refuse(await permitOf(limiter));
	const probe = watch(permitOf(limiter));
	await pass(10 * SECOND);
	refuse(probe.value);
	const accepted = sendWithoutEnd(limiter, leaving(20));
	await pass(MINUTE);
	expect(acceptedOf(accepted)).toBeLessThanOrEqual(20);
	await pass(MINUTE);
	const sentLater = between(accepted, MINUTE, 2 * MINUTE);
	expect(acceptedOf(sentLater)).toBeGreaterThanOrEqual(15);
	expect(sentLater.length).toBeLessThanOrEqual(25);
});

it('shrinks to what was accepted, and not further, by refusals of what was sent together', async () => {
	const limiter = new RateLimiter(60);
	for (let i = 0; i < 20; i++) (await permitOf(limiter)).settle(answered);
	const together = await Promise.all(
		Array.from({ length: 8 }, async () => await permitOf(limiter)),
	);
	together.forEach((permit) => refuse(permit));
	const probe = watch(permitOf(limiter));
	await pass(10 * SECOND);
	refuse(probe.value);
	expect(limiter.size).toBeLessThanOrEqual(20);
	expect(limiter.size).toBeGreaterThanOrEqual(15);
});

it('leaves half of the key to others after a 429 at a window full of own requests', async () => {
	const limiter = new RateLimiter(10);
	for (let i = 0; i < 9; i++) (await permitOf(limiter)).settle(answered);
	refuse(await permitOf(limiter));
	expect(limiter.size).toBe(5);
});

it('gives back one permit in 35 while it is shared', async () => {
	const limiter = new RateLimiter(100);
	for (let i = 0; i < 40; i++) (await permitOf(limiter)).settle(answered);
	refuse(await permitOf(limiter));
	const probe = watch(permitOf(limiter));
	await pass(10 * SECOND);
	refuse(probe.value);
	expect(limiter.size).toBe(40);

	await pass(MINUTE);
	for (let i = 0; i < 34; i++) (await permitOf(limiter)).settle(answered);
	expect(limiter.size).toBe(40);
	(await permitOf(limiter)).settle(answered);
	expect(limiter.size).toBe(39);
});

it('probes with one request at a time', async () => {
	const limiter = new RateLimiter(60);
	refuse(await permitOf(limiter));
	const [first, second] = [watch(permitOf(limiter)), watch(permitOf(limiter))];
	await pass(10 * MINUTE);
	expect([first.value !== undefined, second.value]).toEqual([true, undefined]);
	refuse(first.value);
	await pass(10 * MINUTE);
	expect(second.value).toBeDefined();
});

it('probes a minute after it was refused twice, then every 20 seconds while nothing is accepted', async () => {
	const sent = sendWithoutEnd(new RateLimiter(60), () => false);
	await pass(30 * MINUTE);
	const [early = 0, first = 0, ...later] = sent
		.slice(1)
		.map(({ at }, i) => at - (sent[i]?.at ?? 0));
	expect(early).toBeLessThanOrEqual(2 * SECOND);
	expect(first).toBeGreaterThanOrEqual(MINUTE);
	expect(first).toBeLessThanOrEqual(1.05 * MINUTE);
	expect(Math.min(...later)).toBeGreaterThanOrEqual(20 * SECOND);
	expect(Math.max(...later)).toBeLessThanOrEqual(26 * SECOND);
});

it('probes when Twenty2 says so, the first time that it is shared', async () => {
	const limiter = new RateLimiter(60);
	refuse(await permitOf(limiter));
	const early = watch(permitOf(limiter));
	await pass(2 * SECOND);
	refuse(early.value, 20 * SECOND);
	const probe = watch(permitOf(limiter));
	await pass(19 * SECOND);
	expect(probe.at).toBeUndefined();
	await pass(3 * SECOND);
	expect(probe.at).toBeDefined();
});

it('is refilled half a second late, when what others sent in the same instant has left too', async () => {
	const limiter = new RateLimiter(60);
	for (let i = 0; i < 20; i++) (await permitOf(limiter)).settle(answered);
	refuse(await permitOf(limiter));
	const early = watch(permitOf(limiter));
	await pass(2 * SECOND);
	refuse(early.value);
	const sent = sendWithoutEnd(limiter, () => true);
	await pass(58 * SECOND + 499);
	expect(sent).toHaveLength(0);
	await pass(1);
	expect(sent.length).toBeGreaterThan(0);
});

it('counts only accepted requests against a small share', async () => {
	const limiter = new RateLimiter(60);
	for (let i = 0; i < 3; i++) (await permitOf(limiter)).settle(answered);
	await pass(30 * SECOND);
	refuse(await permitOf(limiter));
	const early = watch(permitOf(limiter));
	await pass(2 * SECOND);
	refuse(early.value);
	expect(limiter.size).toBe(3);

	// The three no longer count after a minute. The two that were refused still do.
	const sent = sendWithoutEnd(limiter, () => true);
	await pass(28.5 * SECOND);
	expect(sent).toHaveLength(3);
});

it('takes everything again within minutes when the others are gone', async () => {
	let others = true;
	const sent = sendWithoutEnd(new RateLimiter(60), (before) => !others || leaving(10)(before));
	await pass(10 * MINUTE);
	others = false;
	const from = performance.now();
	await pass(10 * MINUTE);
	expect(between(sent, from + 9 * MINUTE, from + 10 * MINUTE).length).toBeGreaterThanOrEqual(58);
});

it('keeps almost all that others leave to it, with few refusals', async () => {
	const sent = sendWithoutEnd(new RateLimiter(60), leaving(20));
	await pass(30 * MINUTE);
	const late = between(sent, 10 * MINUTE, 30 * MINUTE);
	expect(acceptedOf(late)).toBeGreaterThan(0.8 * 20 * 20);
	expect(late.length - acceptedOf(late)).toBeLessThan(2 * 20);
});
