import { Alarm } from './abortable';
import { AdaptiveLimit } from './adaptiveLimit';
import type { Deadline } from './deadline';
import type { Outcome } from './outcome';
import { Shortage, type About } from './shortage';
import { SlidingWindow } from './slidingWindow';

/** A request that waits for a permit. */
export interface PermitRequest {
	/** Leaves the queue when it fires. */
	signal: AbortSignal;
	/** Without one, the request waits for ever. */
	deadline?: Deadline;
	/** The request was refused before, and goes before others. */
	first?: boolean;
	/** The request goes before all others. */
	urgent?: boolean;
	/** Twenty2 asked this request to wait until then, a time of `performance.now()`. */
	notBefore?: number;
	/** The request needs a line, so it is sent back when lines may be short. */
	needsLine?: boolean;
}

/** Leave to send one request. */
export interface Permit {
	/** Whether refusals, and not the limit itself, made the request wait. */
	heldBack: boolean;
	/**
	 * Says how the request ended. Only the first outcome counts.
	 * @param about what a refusal may be about
	 */
	settle(outcome: Outcome, about?: About): void;
}

interface Queued extends PermitRequest {
	heldBack: boolean;
	admit: (permit: Permit | undefined) => void;
	refuse: (because: Error) => void;
}

/** Share of the limit above which a process counts as saturated. */
const SATURATED = 0.9;

/** After every nth permit at saturation, the next one is held back for a while. */
const HOLD_BACK_EVERY = 70;
const HOLD_BACK_MS = 30_000;

/**
 * The queue of permits: at most `limit` in any 60 seconds ("60 requests a minute", Errors & Rate
 * Limits), fewer where other processes use the same key; first come first served.
 *
 * A saturated process never sees a 429, so it cannot notice a starved peer. A process that knows of no
 * peer holds one permit back now and then, so that a peer can take it and thereby provoke a 429.
 */
export class RateLimiter {
	private readonly window = new SlidingWindow();

	private readonly adaptive: AdaptiveLimit;

	private readonly alarm = new Alarm(() => this.admit());

	private queue: Queued[] = [];

	private lastRefusal = new Error('Too many requests');

	private saturatedPermits = 0;

	private heldBackUntil = Number.NEGATIVE_INFINITY;

	/**
	 * @param limit requests in any 60 seconds
	 * @param shortage tells which limit a refusal was about
	 * @param demand how many requests of this process wait, also where the limiter does not see them
	 */
	constructor(
		private limit: number,
		private readonly shortage = new Shortage(),
		private readonly demand: () => number = () => Number.POSITIVE_INFINITY,
	) {
		this.adaptive = new AdaptiveLimit(this.window, () => this.limit, shortage);
	}

	/** Changes the limit, for queued requests too. */
	allow(limit: number): void {
		this.limit = limit;
		this.admit();
	}

	/** Whether dropping this limiter would forget nothing. */
	get idle(): boolean {
		const now = performance.now();
		this.window.forget(now);
		return this.window.count === 0 && this.queue.length === 0 && this.adaptive.idle(now);
	}

	/** How many requests are queued, and how many of the last minute count. */
	get state(): { waiting: number; counting: number; limit: number } {
		return { waiting: this.queue.length, counting: this.window.count, limit: this.limit };
	}

	/** What any 60 seconds may hold without a probe. */
	get size(): number {
		return Math.min(this.limit, this.adaptive.size);
	}

	/** How many requests could be sent at once. */
	get free(): number {
		this.window.forget(performance.now());
		return Math.max(0, this.size - this.window.count);
	}

	/** Forgets what was learned of other processes. */
	reset(): void {
		this.adaptive.reset();
		this.admit();
	}

	/**
	 * Waits until one more request may be sent.
	 * @returns undefined when the request has to ask for its line again
	 * @throws the signal's reason, or the last refusal when the deadline comes first
	 */
	async acquire(request: PermitRequest): Promise<Permit | undefined> {
		const { signal } = request;
		signal.throwIfAborted();
		return await new Promise((resolve, reject) => {
			const leave = () => {
				this.queue = this.queue.filter((other) => other !== queued);
				this.admit();
				reject(signal.reason);
			};
			const settled = () => signal.removeEventListener('abort', leave);
			const queued: Queued = {
				...request,
				heldBack: false,
				admit: (permit) => {
					settled();
					resolve(permit);
				},
				refuse: (because) => {
					settled();
					reject(because);
				},
			};
			signal.addEventListener('abort', leave, { once: true });
			this.enqueue(queued);
			this.admit();
		});
	}

	private enqueue(queued: Queued): void {
		const rank = rankOf(queued);
		const behind = this.queue.findIndex((other) => rankOf(other) > rank);
		this.queue.splice(behind === -1 ? this.queue.length : behind, 0, queued);
	}

	private admit(now = performance.now()): void {
		this.window.forget(now);
		for (let next = this.next(now); next; next = this.next(now)) {
			if (this.startsHoldingBack(now)) continue;
			const admitted = next;
			this.queue = this.queue.filter((queued) => queued !== admitted);
			admitted.admit(this.permitFor(admitted, now));
		}
		this.refuseLate(now);
		const opens = this.queue.map((queued) => this.opensAt(queued, now));
		this.alarm.set(Math.min(Number.POSITIVE_INFINITY, ...opens));
	}

	private next(now: number): Queued | undefined {
		return this.queue.find((queued) => this.opensAt(queued, now) <= now);
	}

	/** When a queued request may be sent; at its deadline as a last try, if the key's limit allows it. */
	private opensAt({ deadline, notBefore = Number.NEGATIVE_INFINITY }: Queued, now: number): number {
		const spareUntil = this.spareAt(now) > 0 ? this.heldBackUntil : Number.NEGATIVE_INFINITY;
		const inTurn = Math.min(this.opensWith(1), Math.max(spareUntil, this.opensWith(0)));
		const { probing, pausedUntil } = this.adaptive;
		const lastTryAt = probing
			? Number.POSITIVE_INFINITY
			: Math.max(
					this.window.belowAt(this.limit),
					pausedUntil,
					deadline?.at ?? Number.POSITIVE_INFINITY,
				);
		return Math.max(notBefore, Math.min(inTurn, lastTryAt));
	}

	private opensWith(spare: number): number {
		return Math.max(this.window.belowAt(this.limit - spare), this.adaptive.opensAt(spare));
	}

	private spareAt(now: number): number {
		return now < this.heldBackUntil && !this.isLastRequest ? 1 : 0;
	}

	/** The last request of a run does not wait for a peer that there may never be. */
	private get isLastRequest(): boolean {
		return this.demand() + this.window.inFlight <= 1;
	}

	private startsHoldingBack(now: number): boolean {
		const fills = this.window.count === this.limit - 1 && this.limit > 1;
		const isDue = this.saturatedPermits >= HOLD_BACK_EVERY && now >= this.heldBackUntil;
		if (this.adaptive.shared || !fills || !isDue || this.isLastRequest) return false;
		this.saturatedPermits = 0;
		this.heldBackUntil = now + HOLD_BACK_MS;
		return true;
	}

	/** A request that refusals hold back, and that does not wait until their pause is over, is refused. */
	private refuseLate(now: number): void {
		const limitOpens = Math.max(now, this.window.belowAt(this.limit));
		const opens = this.adaptive.opensAt(0);
		const late = this.queue.filter((queued) => {
			const { notBefore = Number.NEGATIVE_INFINITY, deadline } = queued;
			if (Math.max(opens, notBefore) <= limitOpens) return false;
			queued.heldBack = true;
			return deadline?.allows(Math.max(this.adaptive.pausedUntil, notBefore), now) === false;
		});
		this.queue = this.queue.filter((queued) => !late.includes(queued));
		for (const queued of late) queued.refuse(this.lastRefusal);
	}

	private permitFor({ heldBack }: Queued, now: number): Permit {
		const grant = this.adaptive.grant(this.spareAt(now), now);
		this.window.send();
		if (this.window.count > SATURATED * this.size) this.saturatedPermits++;
		let isSettled = false;
		const settle = (outcome: Outcome, about: About = 'requests') => {
			if (isSettled) return;
			isSettled = true;
			this.window.settle(outcome);
			if (outcome.is === 'rate limited') this.lastRefusal = outcome.unsent;
			this.adaptive.settle(grant, outcome, about, performance.now());
			if (this.shortage.state === 'unclear') this.sendBack();
			this.admit();
		};
		return { heldBack, settle };
	}

	/** Requests that need a line have to ask for it again. */
	private sendBack(): void {
		const sentBack = this.queue.filter(({ needsLine }) => needsLine);
		this.queue = this.queue.filter(({ needsLine }) => !needsLine);
		for (const queued of sentBack) queued.admit(undefined);
	}
}

const rankOf = ({ urgent, first }: PermitRequest) => (urgent ? 0 : first ? 1 : 2);
