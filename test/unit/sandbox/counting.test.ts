import { expect, it } from 'vitest';

import { calendarMinute, slidingWindow, tokenBucket, type Limits } from '../../../sandbox';

const limits: Limits = {
	requestsPerMinute: 3,
	windowMs: 60_000,
	concurrentCalls: 3,
	refuseConcurrent: true,
	countRefused: false,
	retryAfter: false,
};

/** The seconds that each of these requests is told to wait. Requests are given by second of arrival. */
const waits = (counting: typeof slidingWindow, seconds: number[]) => {
	const rule = counting(limits);
	return seconds.map((second) => Math.round(rule.arrive(second * 1_000) / 1_000));
};

it('a sliding window lets a request in when one has left it', () => {
	expect(waits(slidingWindow, [10, 20, 30, 50, 69, 70, 71, 80])).toEqual([0, 0, 0, 20, 1, 0, 9, 0]);
});

it('a calendar minute starts from nothing', () => {
	expect(waits(calendarMinute, [50, 51, 52, 53, 60, 61, 62, 119, 120])).toEqual([
		0, 0, 0, 7, 0, 0, 0, 1, 0,
	]);
});

it('a token bucket is full at first and then filled evenly', () => {
	expect(waits(tokenBucket, [10, 10, 10, 10, 29, 30, 31, 69, 70, 500, 500, 500, 500])).toEqual([
		0, 0, 0, 20, 1, 0, 19, 0, 0, 0, 0, 0, 20,
	]);
});

it.each([
	['do not count', false, 58_000],
	['count, the one being refused too', true, 60_000],
])('each way of counting refused requests %s, as set', (_, countRefused, waitMs) => {
	const rule = slidingWindow({ ...limits, requestsPerMinute: 1, countRefused });
	expect(rule.arrive(0)).toBe(0);
	rule.arrive(1_000);
	expect(rule.arrive(2_000)).toBe(waitMs);
});
