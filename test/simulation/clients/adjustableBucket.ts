import { pass } from '../virtualTime';

/** In tokens per second. */
const MIN_RATE = 0.5;

/**
 * A token bucket whose rate can be changed. It starts empty and holds the tokens of one second, at
 * least one.
 *
 * Source: botocore, `retries/bucket.py`, `TokenBucket`.
 */
export class AdjustableBucket {
	private tokens = 0;

	private capacity = 1;

	private fillRate = 1;

	/** Wake the requests that wait for a token, the first first. */
	private sleepers: Array<() => void> = [];

	/** @param filledAt the start, in seconds */
	constructor(private filledAt: number) {}

	get rate(): number {
		return this.fillRate;
	}

	/** Changes the rate, and lets the first sleeper reckon again. */
	adjust(rate: number): void {
		this.fill();
		this.fillRate = Math.max(rate, MIN_RATE);
		this.capacity = Math.max(rate, 1);
		this.tokens = Math.min(this.tokens, this.capacity);
		this.sleepers.shift()?.();
	}

	/** Waits for a token and takes it. */
	async acquire(): Promise<void> {
		for (this.fill(); this.tokens < 1; this.fill()) {
			await this.sleep((1 - this.tokens) / this.fillRate);
		}
		this.tokens--;
	}

	private fill(): void {
		const now = Date.now() / 1_000;
		this.tokens = Math.min(this.capacity, this.tokens + (now - this.filledAt) * this.fillRate);
		this.filledAt = now;
	}

	private async sleep(seconds: number): Promise<void> {
		let wake: () => void = () => undefined;
		const woken = new Promise<void>((resolve) => {
			wake = resolve;
		});
		this.sleepers.push(wake);
		// Whole milliseconds: rounding must not leave a rest that no timer can wait for.
		await Promise.race([pass(Math.ceil(seconds * 1_000)), woken]);
		this.sleepers = this.sleepers.filter((sleeper) => sleeper !== wake);
	}
}
