import { Asking } from './asking';
import { BusyLines } from './liveCalls';
import type { Count } from './slidingWindow';

const SECOND_MS = 1_000;

/**
 * How much of what was accepted is kept after a refusal, the rest being left to others: more after
 * asking in vain, less when somebody has taken what was this worker's own and so needs it.
 */
const KEPT_AFTER_ASKING = 0.9;
const KEPT_AFTER_LOSING = 0.75;

/** After so long without a refusal, what asking once brought says nothing any more. */
const QUIET_MS = 300_000;

/** A create needs a line at Twenty2 for its call, a read does not. */
export type Kind = 'create' | 'read';

/** What is remembered of a request until its answer comes. */
export interface Sent {
	kind: Kind;
	at: number;
	/** It went beyond the share. */
	asked: boolean;
	/** It went to find out whether a line is free. */
	tried: boolean;
}

/**
 * How much of the key's limit the other workers, instances and programs with the same key leave to
 * this process. They share nothing but Twenty2's "too many requests".
 *
 * As in congestion control, a refusal shrinks the share to a little less than what was accepted in
 * the last minute, and it grows while none comes. Beyond the share goes one request at a time: it
 * asks, and its answer tells whether there is more.
 */
export class Share {
	/** How many requests any 60 seconds may hold without asking. Unlimited until the first refusal. */
	size = Number.POSITIVE_INFINITY;

	/** Nothing is sent before. */
	pausedUntil = Number.NEGATIVE_INFINITY;

	private asksAt = Number.NEGATIVE_INFINITY;

	private asking = false;

	private refusedAt = Number.NEGATIVE_INFINITY;

	private more = new Asking();

	private readonly busyLines: BusyLines;

	/** @param lines how many calls the key may have at once */
	constructor(
		private readonly count: Count,
		lines: number,
	) {
		this.busyLines = new BusyLines(lines);
	}

	/** Changes how many calls the key may have at once. */
	allow(lines: number): void {
		this.busyLines.allow(lines);
	}

	/** True when nothing would be lost with what was learned. */
	idle(now: number): boolean {
		return Math.max(this.pausedUntil, this.asksAt) <= now;
	}

	/**
	 * When one more may be sent; unknown while an answer has to tell.
	 * @param spare how many places of the share to leave free
	 */
	opensAt(kind: Kind, spare: number): number {
		const mayAskAt = this.asking ? Number.POSITIVE_INFINITY : this.asksAt;
		const inShare = Math.min(this.count.below(this.size - spare), mayAskAt);
		const withLine = kind === 'create' ? this.busyLines.opensAt : Number.NEGATIVE_INFINITY;
		return Math.max(this.pausedUntil, inShare, withLine);
	}

	/**
	 * When one may be sent as the last thing it does, although it is not its turn; unknown while an
	 * answer has to tell.
	 * @param endsAt until when it has the patience to wait
	 */
	lastTryAt(kind: Kind, endsAt: number): number {
		const trying = kind === 'create' && this.busyLines.opensAt === Number.POSITIVE_INFINITY;
		return this.asking || trying ? Number.POSITIVE_INFINITY : Math.max(this.pausedUntil, endsAt);
	}

	/** Notes that a request goes. */
	send(kind: Kind, spare: number, now: number): Sent {
		const asked = this.count.below(this.size - spare) > now;
		if (asked) this.asking = true;
		const tried = kind === 'create' && this.busyLines.createSent();
		return { kind, at: now, asked, tried };
	}

	accepted({ kind, asked, tried }: Sent): void {
		const now = performance.now();
		if (kind === 'create') this.noteLine(now, tried);
		if (!asked) return;
		this.asking = false;
		this.size = Math.max(this.size, this.count.total);
		this.asksAt = now + this.more.accepted();
	}

	/**
	 * @param retryAfterMs how long Twenty2 asks to wait; it is at least a second ("On 429 wait at
	 * least 1 second", Errors and limits)
	 */
	refused({ kind, asked, tried, at }: Sent, retryAfterMs: number): void {
		const now = performance.now();
		if (asked) this.asking = false;
		if (kind === 'read') this.busyLines.readRefused();
		const pause = Math.max(retryAfterMs, SECOND_MS * (1 + Math.random()));
		this.pausedUntil = Math.max(this.pausedUntil, now + pause);
		// Sent before the last refusal was known, it only says the same once more.
		if (at <= this.refusedAt && !tried) return;

		if (now - this.refusedAt > QUIET_MS) this.more = new Asking();
		this.refusedAt = now;
		if (this.busyLines.possible) this.busyLines.createRefused(now);
		else this.shrink(asked, now, retryAfterMs);
	}

	/** Where it was not the lines that refusals were about, others use the key: so ask from now on. */
	private noteLine(now: number, tried: boolean): void {
		const { possible } = this.busyLines;
		this.busyLines.createAccepted(now, tried);
		const mistaken = possible && !this.busyLines.possible && this.busyLines.blamed;
		if (mistaken) this.size = Math.min(this.size, this.count.total);
	}

	private shrink(asked: boolean, now: number, retryAfterMs: number): void {
		const { accepted } = this.count;
		const kept = asked ? KEPT_AFTER_ASKING : KEPT_AFTER_LOSING;
		this.size = Math.max(Math.floor(kept * accepted), Math.min(accepted, 1));
		this.asksAt = now + Math.max(retryAfterMs, this.more.refused(this.size));
	}
}
