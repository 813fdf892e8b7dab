import { Alarm } from './alarm';
import { Count } from './slidingWindow';
import { Courtesy } from './courtesy';
import type { Endurance } from './endurance';
import { Share, type Kind } from './adaptiveLimit';

/** A request that wants to be sent. */
export interface Entry {
	kind: Kind;
	/** Leaves the queue when it fires. */
	signal: AbortSignal;
	/** How long to wait when Twenty2 refuses; without it, for ever. */
	endurance?: Endurance;
	/** It was refused before, and goes first. */
	again?: boolean;
}

/** Leave to send one request. Exactly one of the two is to be called, once. */
export interface Place {
	/** Whether refusals, and not the limit itself, made it wait. */
	heldBack: boolean;
	/** It was answered, or given up. */
	answered(): void;
	/**
	 * It was refused for "too many requests".
	 * @param because what those are told who do not wait that long
	 */
	refused(because: Error, retryAfterMs: number): void;
}

interface Waiting extends Entry {
	heldBack: boolean;
	admit: (place: Place) => void;
	refuse: (because: Error) => void;
}

/**
 * Lets requests through when the key may send: at most `limit` in any 60 seconds ("60 requests a
 * minute", Errors and limits), less where others use the same key; first come first served.
 */
export class Window {
	private readonly count = new Count();

	private readonly share: Share;

	private readonly courtesy = new Courtesy();

	private readonly alarm = new Alarm(() => this.admit());

	private queue: Waiting[] = [];

	private lastRefusal = new Error('Too many requests');

	/**
	 * @param limit requests in any 60 seconds
	 * @param lines how many calls the key may have at once
	 */
	constructor(
		private limit: number,
		lines: number,
	) {
		this.share = new Share(this.count, lines);
	}

	/**
	 * Changes the limits, for those waiting too.
	 * @param limit requests in any 60 seconds
	 * @param lines how many calls the key may have at once
	 */
	allow(limit: number, lines: number): void {
		this.limit = limit;
		this.share.allow(lines);
		this.admit();
	}

	/** True when nothing that was sent still counts and nobody waits. */
	get idle(): boolean {
		const now = performance.now();
		this.count.forget(now);
		return this.count.total === 0 && this.queue.length === 0 && this.share.idle(now);
	}

	/** How many wait, and how many requests of the last minute count. */
	get state(): { waiting: number; counting: number; limit: number } {
		return { waiting: this.queue.length, counting: this.count.total, limit: this.limit };
	}

	/** How many requests could be sent at once. */
	get free(): number {
		this.count.forget(performance.now());
		return Math.max(0, this.size - this.count.total);
	}

	/**
	 * Waits until one more request may be sent.
	 * @throws the signal's reason, or why Twenty2 refused last when that is not waited out
	 */
	async enter(entry: Entry): Promise<Place> {
		const { signal } = entry;
		signal.throwIfAborted();
		return await new Promise((resolve, reject) => {
			const leave = () => {
				this.queue = this.queue.filter((other) => other !== waiting);
				this.admit();
				reject(signal.reason);
			};
			const stay = () => signal.removeEventListener('abort', leave);
			const waiting: Waiting = {
				...entry,
				heldBack: false,
				admit: (place) => {
					stay();
					resolve(place);
				},
				refuse: (because) => {
					stay();
					reject(because);
				},
			};
			signal.addEventListener('abort', leave, { once: true });
			this.queue.push(waiting);
			this.queue.sort((a, b) => Number(b.again ?? false) - Number(a.again ?? false));
			this.admit();
		});
	}

	private admit(): void {
		const now = performance.now();
		this.count.forget(now);
		for (let next = this.next(now); next; next = this.next(now)) {
			this.queue = this.queue.filter((waiting) => waiting !== next);
			next.admit(this.placeFor(next, now));
		}
		this.courtesy.note(this.count.total / this.size, this.queue.length > 0, now);
		this.holdBack(now);
		const opens = this.queue.map((waiting) => this.opensAt(waiting, now));
		this.alarm.wakeAt(Math.min(Number.POSITIVE_INFINITY, ...opens));
	}

	/** The first that may go: a create that waits for a line does not keep a read back. */
	private next(now: number): Waiting | undefined {
		return this.queue.find((waiting) => this.opensAt(waiting, now) <= now);
	}

	/** What any 60 seconds may hold without asking. */
	get size(): number {
		return Math.min(this.limit, this.share.size);
	}

	/** When the next may be sent: now or before, later, or unknown until an answer comes. */
	private opensAt({ kind, endurance }: Waiting, now: number): number {
		const { places, until } = this.courtesy.spare(this.size, now);
		const inTurn = Math.min(this.opens(kind, places), Math.max(until, this.opens(kind, 0)));
		const endsAt = endurance?.endsAt ?? Number.POSITIVE_INFINITY;
		const last = Math.max(this.count.below(this.limit), this.share.lastTryAt(kind, endsAt));
		return Math.min(inTurn, last);
	}

	private opens(kind: Kind, spare: number): number {
		return Math.max(this.count.below(this.limit - spare), this.share.opensAt(kind, spare));
	}

	/**
	 * Where refusals and not the limit make them wait: who does not outlast the pause is refused as
	 * well. Who only has to wait for its turn tries at the end of its patience.
	 */
	private holdBack(now: number): void {
		const limitOpens = Math.max(now, this.count.below(this.limit));
		const leaving = this.queue.filter((waiting) => {
			if (this.share.opensAt(waiting.kind, 0) <= limitOpens) return false;
			waiting.heldBack = true;
			return waiting.endurance?.outlasts(this.share.pausedUntil) === false;
		});
		this.queue = this.queue.filter((waiting) => !leaving.includes(waiting));
		for (const waiting of leaving) waiting.refuse(this.lastRefusal);
	}

	private placeFor({ kind, heldBack }: Waiting, now: number): Place {
		const { places } = this.courtesy.spare(this.size, now);
		const sent = this.share.send(kind, places, now);
		this.count.send();
		return {
			heldBack,
			answered: () => {
				this.count.answer(true);
				this.share.accepted(sent);
				this.admit();
			},
			refused: (because, retryAfterMs) => {
				this.lastRefusal = because;
				this.count.answer(false);
				this.share.refused(sent, retryAfterMs);
				this.admit();
			},
		};
	}
}
