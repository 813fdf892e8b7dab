import { expect, it } from 'vitest';

import { Budget } from '../../../nodes/Twenty2/policy/budget';
import { RateLimiter, type Permit } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, settle, useFakeTime, useShortestWaits, watch } from './fakeTime';
import { noAnswer, permitOf, rateLimited } from './outcomes';
import { Cut, opened, request, through, TooMany } from './requests';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const three = { requestsPerMinute: 60, concurrentCalls: 3 };

const refuse = (permit: Permit) => permit.settle(rateLimited());

/** Sends one request after the other, each as soon as it may, and ends it so. */
function sendWithoutEnd(limiter: RateLimiter, end: (permit: Permit, n: number) => void): number[] {
	const sentAt: number[] = [];
	const goOn = async () => {
		for (;;) {
			const permit = await permitOf(limiter);
			sentAt.push(performance.now());
			end(permit, sentAt.length - 1);
		}
	};
	void goOn();
	return sentAt;
}

useFakeTime();
useShortestWaits();

it('a request without an answer counts in the window like any other', async () => {
	const limiter = new RateLimiter(2);
	const sentAt = sendWithoutEnd(limiter, (permit) => permit.settle(noAnswer));
	await pass(MINUTE - 1);
	expect(sentAt).toHaveLength(2);
	await pass(1);
	expect(sentAt).toHaveLength(4);
});

it('a request without an answer does not clear up a stray refusal, so the next request is the early probe again', async () => {
	const limiter = new RateLimiter(60);
	const ends = [refuse, (permit: Permit) => permit.settle(noAnswer), refuse];
	const sentAt = sendWithoutEnd(limiter, (permit, n) => (ends[n] ?? refuse)(permit));
	// The early probe after a second gets no answer. The next one is refused, so others use the key.
	await pass(30 * SECOND);
	expect(sentAt).toHaveLength(3);
});

it('a request without an answer does not raise a share that was learned, however often it gets no answer', async () => {
	const limiter = new RateLimiter(60);
	let isDown = false;
	sendWithoutEnd(limiter, (permit) => {
		if (isDown) permit.settle(noAnswer);
		else refuse(permit);
	});
	await pass(10 * SECOND);
	const learned = limiter.size;
	expect(learned).toBeLessThan(5);
	isDown = true;
	await pass(10 * MINUTE);
	expect(limiter.size).toBe(learned);
});

it('a request without an answer leaves the next probe at a learned share a moment later, and not at once', async () => {
	const limiter = new RateLimiter(60);
	let isDown = false;
	const sentAt = sendWithoutEnd(limiter, (permit) => {
		if (isDown) permit.settle(noAnswer);
		else refuse(permit);
	});
	await pass(10 * SECOND);
	isDown = true;
	const before = sentAt.length;
	await pass(2 * MINUTE);
	const gaps = sentAt.slice(before + 1).map((at, n) => at - (sentAt[before + n] ?? 0));
	expect(gaps.length).toBeGreaterThan(0);
	expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
});

const idOf = (id: string) => id;

/** A budget whose creates are refused while one of its calls is live, and whose looks end so. */
const suspicious = async (look: () => Promise<boolean>, giveUpAfterMs = 10 * MINUTE) => {
	const budget = new Budget(three);
	const { creates } = opened(budget);
	let looks = 0;
	const isOver = async () => {
		looks++;
		return await look();
	};
	const call = { idOf, isOver };
	await through(
		creates,
		request(async () => await Promise.resolve('call_1'), { call }),
	);
	let isFull = true;
	let creations = 0;
	const create = async () => {
		creations++;
		if (isFull) throw new TooMany();
		return await Promise.resolve('call_2');
	};
	const placed = watch(through(creates, request(create, { call, giveUpAfterMs })));
	return {
		placed,
		get looks() {
			return looks;
		},
		get creations() {
			return creations;
		},
		recover: () => (isFull = false),
	};
};

it('a look without an answer is followed by another look, and does not say that lines are short', async () => {
	let isDown = true;
	const world = await suspicious(async () => {
		if (isDown) throw new Cut('the connection ended');
		throw new TooMany();
	});
	await pass(5 * SECOND);
	expect(world.looks).toBeGreaterThan(1);
	isDown = false;
	world.recover();
	// The next look is refused, so the window was short, and the create goes on at once after it.
	await pass(70 * SECOND);
	expect(world.placed.value).toBe('call_2');
});

it('a look without an answer is repeated with a backoff', async () => {
	const world = await suspicious(async () => await Promise.reject(new Cut('cut')));
	await pass(MINUTE);
	expect(world.looks).toBeGreaterThanOrEqual(4);
	expect(world.looks).toBeLessThanOrEqual(8);
});

it('a look without an answer keeps no create waiting beyond its deadline', async () => {
	const world = await suspicious(async () => await Promise.reject(new Cut('cut')), 20 * SECOND);
	await pass(10 * SECOND);
	const before = world.creations;
	world.recover();
	await pass(15 * SECOND);
	expect(world.creations).toBe(before + 1);
	expect(world.placed.value).toBe('call_2');
});

it('a create without an answer leaves its line to the next one', async () => {
	const budget = new Budget({ ...three, concurrentCalls: 1 });
	const { creates } = opened(budget);
	const cut = watch(
		through(
			creates,
			request(async () => await Promise.reject(new Cut('cut'))),
		),
	);
	const next = watch(
		through(
			creates,
			request(async () => await Promise.resolve('call_2')),
		),
	);
	await settle();
	expect([cut.reason, next.value]).toEqual([new Cut('cut'), 'call_2']);
});
