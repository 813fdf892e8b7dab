/** Length of a bucket in seconds. */
const BUCKET = 0.5;

/** Weight of the newest buckets. */
const SMOOTHING = 0.8;

/**
 * The rate of answers in requests per second, an exponential moving average over buckets of time.
 *
 * Source: botocore, `retries/adaptive.py`, `RateClocker`.
 */
export class MeasuredRate {
	private rate = 0;

	private count = 0;

	private bucketStart: number;

	/** @param now in seconds */
	constructor(now: number) {
		this.bucketStart = Math.floor(now);
	}

	/** Counts an answer. @returns the rate */
	record(now: number): number {
		this.count++;
		const bucket = Math.floor(now / BUCKET) * BUCKET;
		if (bucket > this.bucketStart) {
			const current = this.count / (bucket - this.bucketStart);
			this.rate = SMOOTHING * current + (1 - SMOOTHING) * this.rate;
			this.count = 0;
			this.bucketStart = bucket;
		}
		return this.rate;
	}
}
