/** How steeply the rate grows. */
const SCALE = 0.4;

/** What is kept of the rate at a throttle. */
const BETA = 0.7;

/**
 * The send rate as CUBIC (RFC 9438) sets a congestion window, in requests per second. It falls at a
 * throttle, grows fast towards the rate of that throttle, flattens there, and grows fast beyond.
 *
 * Source: botocore, `retries/throttling.py`, `CubicCalculator`.
 */
export class Cubic {
	/** The rate at the last throttle. */
	private maxRate = 0;

	/** Seconds from a throttle until the rate is back at `maxRate`. */
	private recovery = 0;

	/** @param throttledAt the start, in seconds */
	constructor(private throttledAt: number) {}

	/** @returns the new rate */
	accepted(now: number): number {
		return SCALE * (now - this.throttledAt - this.recovery) ** 3 + this.maxRate;
	}

	/** @returns the new rate */
	throttled(rate: number, now: number): number {
		this.maxRate = rate;
		this.recovery = Math.cbrt((rate * (1 - BETA)) / SCALE);
		this.throttledAt = now;
		return rate * BETA;
	}
}
