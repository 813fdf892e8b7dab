/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import { TooManyRequests } from '../twenty2';
import { pass } from '../virtualTime';
import { AdjustableBucket } from './adjustableBucket';
import type { Client } from './client';
import { Cubic } from './cubic';
import { MeasuredRate } from './measuredRate';

const MAX_BACKOFF_S = 20;

/** The most by which a rate exceeds the measured one, as a factor. */
const MAX_RATE_SCALE = 2;

const seconds = () => Date.now() / 1_000;

/**
 * The send rate of a client: unlimited until the first throttle, then CUBIC.
 *
 * Source: botocore, `retries/adaptive.py`, `ClientRateLimiter`.
 */
class ClientRateLimiter {
	private readonly cubic = new Cubic(seconds());

	private readonly measured = new MeasuredRate(seconds());

	private readonly bucket = new AdjustableBucket(seconds());

	private enabled = false;

	/** Waits until a request may be sent. */
	async acquire(): Promise<void> {
		if (this.enabled) await this.bucket.acquire();
	}

	answered(throttled: boolean): void {
		const now = seconds();
		const measured = this.measured.record(now);
		let rate: number;
		if (throttled) {
			rate = this.cubic.throttled(
				this.enabled ? Math.min(measured, this.bucket.rate) : measured,
				now,
			);
			this.enabled = true;
		} else {
			rate = this.cubic.accepted(now);
		}
		this.bucket.adjust(Math.min(rate, MAX_RATE_SCALE * measured));
	}
}

/**
 * The adaptive retry mode of AWS's SDK for Python: a client-side rate limiter, and between two tries
 * the standard mode's backoff of random(0, 1) × min(2^attempt, 20) seconds. Unlike botocore it has
 * no retry quota and no most attempts: it retries until the call is placed.
 *
 * Source: botocore, `retries/adaptive.py` and `retries/standard.py`, `ExponentialBackoff`.
 */
export const botocoreAdaptive: Client = (twenty2) => {
	const limiter = new ClientRateLimiter();
	return async (stopped) => {
		for (let attempt = 0; ; attempt++) {
			stopped.throwIfAborted();
			await limiter.acquire();
			try {
				await twenty2.create();
				limiter.answered(false);
				return;
			} catch (rejection) {
				if (!(rejection instanceof TooManyRequests)) throw rejection;
				limiter.answered(true);
			}
			await pass(1_000 * Math.random() * Math.min(2 ** attempt, MAX_BACKOFF_S));
		}
	};
};
