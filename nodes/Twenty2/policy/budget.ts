import pLimit, { type LimitFunction } from 'p-limit';

import { KeyLimits, type Limits } from './keyLimits';
import type { Kind } from './lease';
import { Lines } from './lines';
import type { Outcome } from './outcome';
import { Pacer } from './pacer';
import { RateLimiter } from './rateLimiter';
import { Shortage } from './shortage';

/**
 * How fast polls would use up what is free. With less, calls of a few seconds are looked at so often that
 * creates wait; with more, ends are seen late and lines stand idle. Looks of creates that wait for a line
 * are worth more than others.
 */
const POLL_HORIZON_MS = 25_000;
const LOOK_HORIZON_MS = 12_000;

/**
 * What one key may spend, shared by everything in the process that uses it. A create needs a slot, a line and a
 * permit; a read needs a reader and a permit. It never waits for a line, so calls can be looked at while all lines
 * are busy.
 */
export class Budget {
	readonly shortage = new Shortage();

	readonly limiter: RateLimiter;

	readonly lines: Lines;

	/** As many creates at once as Twenty2 allows calls. A call that is waited for keeps its slot. */
	readonly slots: LimitFunction;

	/** As many reads at once. */
	readonly readers: LimitFunction;

	private readonly pacers: { poll: Pacer; look: Pacer };

	private readonly keyLimits = new KeyLimits();

	/** How many requests wait to be sent. */
	private demand = 0;

	constructor(private limits: Limits) {
		const { requestsPerMinute, concurrentCalls } = limits;
		const documented = () => this.limits.concurrentCalls;
		this.limiter = new RateLimiter(requestsPerMinute, this.shortage, () => this.demand);
		this.slots = pLimit(concurrentCalls);
		this.readers = pLimit(concurrentCalls);
		this.lines = new Lines(documented, this.shortage);
		this.pacers = {
			poll: new Pacer(this.limiter, documented, POLL_HORIZON_MS),
			look: new Pacer(this.limiter, documented, LOOK_HORIZON_MS),
		};
	}

	/** Whether dropping this budget would forget nothing. */
	get idle(): boolean {
		const { slots, readers } = this;
		const held = [slots, readers].some((p) => p.activeCount + p.pendingCount > 0);
		return !held && this.lines.idle && this.limiter.idle;
	}

	/** Changes the limits, for requests that wait too. */
	allow(limits: Limits): void {
		const { requestsPerMinute, concurrentCalls } = limits;
		this.limits = limits;
		this.slots.concurrency = concurrentCalls;
		this.readers.concurrency = concurrentCalls;
		this.lines.changed();
		this.limiter.allow(requestsPerMinute);
	}

	/**
	 * Takes what a credential says of the limits. Where several credentials in use hold the key, the lowest
	 * limits count.
	 * @param credential n8n's ID of the credential
	 */
	state(credential: string, limits: Limits): void {
		this.keyLimits.state(credential, limits);
		this.allowLowest();
	}

	/** Whether a credential with this key is in use. */
	get inUse(): boolean {
		return this.keyLimits.lowest !== undefined;
	}

	/** Notes that a request uses a credential. @returns ends the use */
	use(credential: string): () => void {
		const end = this.keyLimits.use(credential);
		this.allowLowest();
		return () => {
			end();
			this.allowLowest();
		};
	}

	/** Counts a request as waiting. @returns ends that */
	wanting(): () => void {
		this.demand++;
		return () => this.demand--;
	}

	/** What decides how often calls are looked at. */
	pacerOf(kind: Kind): Pacer | undefined {
		return kind === 'poll' || kind === 'look' ? this.pacers[kind] : undefined;
	}

	/** Notes how a read ended, which may decide what is short. */
	readSettled({ is }: Outcome): void {
		if (is === 'answered' && this.shortage.readAnswered()) {
			this.limiter.reset();
			this.lines.decided();
		}
		if (is === 'rate limited' && this.shortage.readRateLimited()) this.lines.decided();
	}

	/** Another credential may have come into use, or may be in use no longer. */
	private allowLowest(): void {
		const { requestsPerMinute, concurrentCalls } = this.limits;
		const lowest = this.keyLimits.lowest ?? this.limits;
		const isSame =
			lowest.requestsPerMinute === requestsPerMinute && lowest.concurrentCalls === concurrentCalls;
		if (!isSame) this.allow(lowest);
	}
}
