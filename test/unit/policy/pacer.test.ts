import { expect, it, vi } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import type { Limits } from '../../../nodes/Twenty2/policy/keyLimits';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { hold, opened, type Opened, request, through, TooMany } from './requests';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const documented: Limits = { requestsPerMinute: 60, concurrentCalls: 3 };

/** Polls of a run that end when they are sent, which is noted. */
const poll = ({ polls }: Opened, sent: number[], more: Parameters<typeof request>[1] = {}) =>
	watch(
		through(
			polls,
			request(async () => sent.push(performance.now()), more),
		),
	);

/** Sends again as soon as it is answered, for ever. */
async function hammer(lane: 'creates' | 'polls', access: Opened, sent: number[]): Promise<void> {
	for (;;)
		await through(
			access[lane],
			request(async () => sent.push(performance.now())),
		);
}

/** The most that were sent in any minute. */
const mostInAMinute = (sent: number[]) =>
	Math.max(...sent.map((from) => sent.filter((at) => at >= from && at < from + MINUTE).length));

const between = (sent: number[], from: number, to: number) =>
	sent.filter((at) => at >= from && at < to).length;

useFakeTime();

it('polls go at once, and the next soon after, while the limit is free', async () => {
	const access = opened(new Budget(documented));
	const sent: number[] = [];
	for (let i = 0; i < 3; i++) poll(access, sent);
	await pass(SECOND);
	expect(sent[0]).toBe(0);
	expect(sent).toHaveLength(3);
});

it('polls go the slower the more of the limit is used', async () => {
	const access = opened(new Budget(documented));
	const sent: number[] = [];
	for (let i = 0; i < 50; i++) poll(access, sent);
	await pass(MINUTE);
	const gaps = sent.slice(1).map((at, i) => at - (sent[i] ?? 0));
	expect(gaps.length).toBeGreaterThan(10);
	expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
});

it('polls never use up the limit by themselves, but leave room for every line', async () => {
	const access = opened(new Budget(documented));
	const sent: number[] = [];
	void hammer('polls', access, sent);
	for (let minute = 0; minute < 10; minute++) await pass(MINUTE);
	expect(mostInAMinute(sent)).toBeLessThanOrEqual(60 - 3);
	// Nor are they shy: nobody else wants what is left.
	expect(sent.length).toBeGreaterThanOrEqual(10 * 30);
});

it('polls let creates that come in between go at once', async () => {
	const budget = new Budget(documented);
	void hammer('polls', opened(budget), []);
	for (let i = 0; i < 60; i++) {
		await pass(10 * SECOND);
		const create = watch(
			through(
				opened(budget).creates,
				request(async () => 'answer'),
			),
		);
		await settle();
		expect(create.value).toBe('answer');
	}
});

it('polls get a quarter of the limit where creates take every permit as it frees', async () => {
	const budget = new Budget(documented);
	const [creates, polls]: [number[], number[]] = [[], []];
	for (let run = 0; run < 3; run++) void hammer('creates', opened(budget), creates);
	for (let i = 0; i < 12; i++) void hammer('polls', opened(budget), polls);
	for (let minute = 0; minute < 12; minute++) await pass(MINUTE);

	const inTenMinutes = (sent: number[]) => between(sent, 2 * MINUTE, 12 * MINUTE);
	expect(inTenMinutes(polls)).toBeGreaterThanOrEqual(10 * 10);
	expect(inTenMinutes(polls)).toBeLessThanOrEqual(10 * 15);
	expect(inTenMinutes(creates)).toBeGreaterThanOrEqual(10 * 40);
	expect(mostInAMinute([...creates, ...polls].sort((a, b) => a - b))).toBeLessThanOrEqual(60);
});

it('polls go in the order in which they came, of whatever run', async () => {
	const budget = new Budget(documented);
	const runs = [opened(budget), opened(budget)];
	const order: number[] = [];
	for (let i = 0; i < 20; i++) {
		const access = runs[i % 2 === 0 ? 0 : 1];
		if (access)
			watch(
				through(
					access.polls,
					request(async () => order.push(i)),
				),
			);
	}
	await pass(MINUTE);
	expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

it('polls do not wait for a line', async () => {
	const access = opened(new Budget({ ...documented, concurrentCalls: 1 }));
	watch(
		hold(
			access.creates,
			request(async () => 'call'),
		),
	);
	await settle();
	const sent: number[] = [];
	poll(access, sent);
	await settle();
	expect(sent).toEqual([0]);
});

it('polls count as no wait for a limit that the user is told of', async () => {
	const access = opened(new Budget(documented));
	const sent: number[] = [];
	for (let i = 0; i < 50; i++) poll(access, sent);
	await pass(2 * MINUTE);
	expect(access.waited).toEqual({ forLimit: 0, forRefusals: 0 });
});

it('polls are sent again after a refusal, as it asks for', async () => {
	const access = opened(new Budget(documented));
	const sent: number[] = [];
	const send = async () => {
		if (sent.push(performance.now()) === 1) throw new TooMany(10 * SECOND);
		return 'answer';
	};
	const result = watch(through(access.polls, request(send)));
	// A first refusal tells nothing of what is left.
	await pass(31 * SECOND);
	expect(result.value).toBe('answer');
	expect(sent[1]).toBeGreaterThanOrEqual(10 * SECOND);
});

it('polls make way for the next when one cannot be sent', async () => {
	const access = opened(new Budget(documented));
	const failed = watch(
		through(
			access.polls,
			request(async () => await Promise.reject(new Error('no'))),
		),
	);
	const sent: number[] = [];
	poll(access, sent);
	await pass(SECOND);
	expect(failed.reason).toEqual(new Error('no'));
	expect(sent).toHaveLength(1);
});

const reason = new Error('stopped');
const stoppable = () => {
	const controller = new AbortController();
	return { signal: controller.signal, stop: () => controller.abort(reason) };
};

it('polls that are stopped before they begin are not sent', async () => {
	const { signal, stop } = stoppable();
	stop();
	const sent: number[] = [];
	const result = poll(opened(new Budget(documented)), sent, { signal });
	await pass(SECOND);
	expect(result).toEqual({ reason, at: 0 });
	expect(sent).toEqual([]);
});

it('polls that are stopped leave at once, the one whose turn it is and those behind it, of another run too', async () => {
	const budget = new Budget(documented);
	const { signal, stop } = stoppable();
	const sent: number[] = [];
	poll(opened(budget), sent);
	// The next one's turn is in half a second, and those of the run that is stopped come after it.
	const first = poll(opened(budget), sent);
	const access = opened(budget);
	const stopped = Array.from({ length: 5 }, () => poll(access, sent, { signal }));
	const last = poll(opened(budget), sent);
	await pass(100);
	stop();
	await settle();
	expect(stopped).toEqual(stopped.map(() => ({ reason, at: 100 })));

	await pass(900);
	expect([first.at, last.at].every((at) => at !== undefined)).toBe(true);
	expect(sent).toHaveLength(3);
});

it('polls that are stopped leave at once while the limit is used up, and the next is sent when it is not', async () => {
	const budget = new Budget({ requestsPerMinute: 1, concurrentCalls: 3 });
	await through(
		opened(budget).reads,
		request(async () => 'answer'),
	);
	const { signal, stop } = stoppable();
	const sent: number[] = [];
	const stopped = poll(opened(budget), sent, { signal });
	const next = poll(opened(budget), sent);
	await pass(30 * SECOND);
	stop();
	await settle();
	expect(stopped).toEqual({ reason, at: 30 * SECOND });
	await pass(30 * SECOND);
	expect(next.at).toBe(MINUTE);
});

it('polls that are stopped leave nothing behind', async () => {
	const budget = new Budget(documented);
	const { signal, stop } = stoppable();
	const access = opened(budget);
	for (let i = 0; i < 20; i++) poll(access, [], { signal });
	await pass(2 * SECOND);
	stop();
	await settle();
	expect(vi.getTimerCount()).toBe(0);
	await pass(MINUTE);
	expect(budget.idle).toBe(true);
});

it('polls are hardly held up by a huge limit', async () => {
	const access = opened(new Budget({ requestsPerMinute: 6_000, concurrentCalls: 300 }));
	const sent: number[] = [];
	for (let i = 0; i < 300; i++) poll(access, sent);
	await pass(2 * SECOND);
	expect(sent).toHaveLength(300);
});

it.each([1, 2, 3, 5])('polls and creates both get on where the limit is %i', async (limit) => {
	const budget = new Budget({ requestsPerMinute: limit, concurrentCalls: 3 });
	const [creates, polls]: [number[], number[]] = [[], []];
	void hammer('creates', opened(budget), creates);
	void hammer('polls', opened(budget), polls);
	for (let minute = 0; minute < 20; minute++) await pass(MINUTE);
	expect(polls.length).toBeGreaterThanOrEqual(4 * limit);
	expect(creates.length).toBeGreaterThanOrEqual(8 * limit);
	expect(mostInAMinute([...creates, ...polls].sort((a, b) => a - b))).toBeLessThanOrEqual(limit);
});

it('polls go faster when the limit is raised', async () => {
	const budget = new Budget({ requestsPerMinute: 5, concurrentCalls: 3 });
	const access = opened(budget);
	const sent: number[] = [];
	for (let i = 0; i < 20; i++) poll(access, sent);
	await pass(10 * SECOND);
	expect(sent).toHaveLength(1);
	budget.allow({ requestsPerMinute: 600, concurrentCalls: 3 });
	await pass(20 * SECOND);
	expect(sent).toHaveLength(20);
});

it('polls go on where Twenty2 leaves this process next to nothing', async () => {
	const budget = new Budget(documented);
	const access = opened(budget);
	const refused = request(async () => await Promise.reject(new TooMany()));
	const tired = new AbortController();
	watch(through(access.reads, { ...refused, signal: tired.signal }));
	await settle();
	tired.abort();
	const sent: number[] = [];
	for (let i = 0; i < 3; i++) poll(access, sent);
	await pass(3 * MINUTE);
	expect(sent).toHaveLength(3);
});
