import { expect, it } from 'vitest';

import { AdjustableBucket } from './clients/adjustableBucket';
import { Cubic } from './clients/cubic';
import { MeasuredRate } from './clients/measuredRate';
import { inVirtualTime } from './virtualTime';

it("botocore's adaptive mode drops to 0.7 of the rate at a throttle, and is back after the recovery time", () => {
	const cubic = new Cubic(0);
	expect(cubic.throttled(10, 100)).toBe(7);
	expect(cubic.accepted(100)).toBeCloseTo(7);
	const recovery = Math.cbrt((10 * 0.3) / 0.4);
	expect(cubic.accepted(100 + recovery)).toBeCloseTo(10);
	expect(cubic.accepted(100 + 2 * recovery)).toBeCloseTo(13);
});

it("botocore's adaptive mode smooths the measured rate over buckets of half a second", () => {
	const measured = new MeasuredRate(0);
	expect(measured.record(0.1)).toBe(0);
	expect(measured.record(0.5)).toBeCloseTo(0.8 * 4);
	expect(measured.record(0.9)).toBeCloseTo(0.8 * 4);
	expect(measured.record(1)).toBeCloseTo(0.8 * 4 + 0.2 * 3.2);
});

it("botocore's adaptive mode sends at the rate of its bucket, and never below one request in two seconds", async () => {
	const seconds = () => performance.now() / 1_000;
	await inVirtualTime(1, async () => {
		const bucket = new AdjustableBucket(Date.now() / 1_000);
		await bucket.acquire();
		expect(seconds()).toBeCloseTo(1, 2);
		bucket.adjust(0);
		await bucket.acquire();
		expect(seconds()).toBeCloseTo(3, 2);
		const waiting = bucket.acquire();
		bucket.adjust(4);
		await waiting;
		expect(seconds()).toBeCloseTo(3.25, 2);
	});
});
