import type { Outcome, RateLimited } from './outcome';
import type { About, Shortage } from './shortage';
import type { SlidingWindow } from './slidingWindow';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/*
 * The constants below were chosen by `npm run bench -- e`: change one, and the hours of 2, 3, 8 and 32
 * processes, the three campaigns and the newcomer say what that does.
 */

/** A pause that Twenty2 asks for holds for every request, but no longer than this. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;

/** An early probe that is sent later than this after the pause would tell nothing about the refusal. */
const EARLY_PROBE_MS = 3 * SECOND_MS;

/** Multiplicative decrease: what a refusal within the limit leaves of it. */
const KEEP = 3 / 4;

/** Every nth permit of a shared limit lowers the limit by one. */
const GIVE_BACK_EVERY = 35;

/** What counted at a refusal no longer does a minute later. So the first probes are a minute apart. */
const FIRST_PROBES = 2;

/** From a later probe to the next. Each one that is refused makes it longer. */
const PROBE_MS = 90 * SECOND_MS;
const PROBE_GROWTH = 1.4;
const LONGEST_PROBE_MS = 6 * MINUTE_MS;

/** With at most one request accepted in the last minute, probes come sooner. */
const STARVED_PROBE_MS = 20 * SECOND_MS;

/** The most by which a probe comes later, as a share of the gap, so that processes do not probe in step. */
const JITTER = 0.05;
const STARVED_JITTER = 0.3;

/**
 * Processes that sent in the same instant would send again in the same instant, a minute later, while the
 * window still holds what the others sent and what was refused. So a shared limit is refilled later.
 */
const REFILL_DELAY_MS = 500;

/** Refused probes would use up a good part of a share up to this. So only accepted requests count against it. */
const SMALL_SHARE = 5;

/** Between two rounds of slow start. */
const ROUND_MS = 1_500;

/** What is remembered of a permit until its request is answered. */
export interface Grant {
	at: number;
	/** The request goes to find out whether the limit still holds. */
	isProbe: boolean;
}

/**
 * How many requests a minute other processes with the same key leave to this one.
 *
 * - `open`: no other process is known. There is no limit beside the key's own.
 * - `verifying`: one request was refused. After the pause one early probe goes. If it goes through,
 *   the refusal was a stray one, and everything goes on at once.
 * - `shared`: the early probe was refused as well, so other processes use the key. The limit follows
 *   AIMD: a refusal within the limit multiplies it by three quarters; probes beyond the limit raise it,
 *   by slow start while they go through.
 *
 * A saturated process never sees a 429, so it cannot notice a starved peer. Therefore a shared limit
 * gives back one permit now and then, which the next probe of any process may take.
 */
export class AdaptiveLimit {
	/** How many requests any 60 seconds may hold without a probe. */
	size = Number.POSITIVE_INFINITY;

	/** Nothing is sent before this time. */
	pausedUntil = Number.NEGATIVE_INFINITY;

	private verifying = false;

	/** A probe is on its way. No other one goes before it is answered. */
	probing = false;

	private probeAt = Number.NEGATIVE_INFINITY;

	/** Probes that are still to be a minute apart. */
	private firstProbes = 0;

	/** Refused probes, halved by each that goes through. */
	private failed = 0;

	/** Slow start: the size of this round of probes, and how many of it are left. */
	private round = { size: 1, left: 1 };

	private sinceGivenBack = 0;

	private refusedAt = Number.NEGATIVE_INFINITY;

	/**
	 * @param window the requests that count
	 * @param keyLimit the key's own limit, as it is now
	 * @param shortage is asked where a refusal may be about lines
	 */
	constructor(
		private readonly window: SlidingWindow,
		private readonly keyLimit: () => number,
		private readonly shortage: Shortage,
	) {}

	/** Whether other processes are known to use the key. */
	get shared(): boolean {
		return this.size !== Number.POSITIVE_INFINITY;
	}

	/** Whether dropping this limit would forget nothing. */
	idle(now: number): boolean {
		const learnedUntil = this.shared ? this.probeAt : Number.NEGATIVE_INFINITY;
		return Math.max(this.pausedUntil, learnedUntil) <= now;
	}

	/**
	 * When one more request may be sent, as a time of `performance.now()`; Infinity while an answer has
	 * to tell.
	 * @param spare how many permits to leave unused
	 */
	opensAt(spare: number): number {
		if (this.verifying) return this.probing ? Number.POSITIVE_INFINITY : this.pausedUntil;
		const within = this.withinAt(spare);
		const beyond = this.probing ? Number.POSITIVE_INFINITY : this.probeAt;
		return Math.max(this.pausedUntil, Math.min(within, beyond));
	}

	/** When one more request is within the limit, and no probe. A share of one is spent on probes. */
	private withinAt(spare: number): number {
		if (this.size === 1) return Number.POSITIVE_INFINITY;
		const size = this.size - spare;
		const isSmall = this.size <= SMALL_SHARE;
		const leftAt = isSmall ? this.window.acceptedBelowAt(size) : this.window.belowAt(size);
		return leftAt + (this.shared ? REFILL_DELAY_MS : 0);
	}

	/** Notes that a request is sent. */
	grant(spare: number, now: number): Grant {
		const isProbe = this.verifying || this.withinAt(spare) > now;
		if (isProbe) this.probing = true;
		else if (this.shared) this.giveBack();
		return { at: now, isProbe };
	}

	/**
	 * Notes how the request of a grant ended.
	 * @param about what a refusal may be about
	 */
	settle(grant: Grant, outcome: Outcome, about: About, now: number): void {
		const { isProbe } = grant;
		if (isProbe) this.probing = false;
		if (outcome.is === 'rate limited') this.rateLimited(grant, outcome, about, now);
		if (isProbe && outcome.is === 'answered') this.probeAnswered(now);
		// The probe has told nothing, so the next one is sent soon.
		const isLost = isProbe && outcome.is === 'no answer';
		if (isLost && !this.verifying) this.probeAt = now + ROUND_MS * (0.5 + Math.random());
	}

	private probeAnswered(now: number): void {
		if (this.verifying) {
			this.verifying = false;
			return;
		}
		this.size = Math.max(this.size, this.window.count);
		this.failed = Math.floor(this.failed / 2);
		this.probeAt = now;
		if (--this.round.left > 0) return;
		const next = this.round.size * 2;
		this.round = { size: next, left: next };
		this.probeAt = now + ROUND_MS * (0.5 + Math.random());
	}

	/** "On 429 wait at least 1 second" (Errors & Rate Limits). */
	private rateLimited(
		{ isProbe, at }: Grant,
		{ retryAfterMs }: RateLimited,
		about: About,
		now: number,
	): void {
		const pause = Math.max(
			Math.min(retryAfterMs, LONGEST_PAUSE_MS),
			SECOND_MS * (1 + Math.random()),
		);
		this.pausedUntil = Math.max(this.pausedUntil, now + pause);
		if (about === 'lines') {
			if (isProbe) this.verifying = false;
			return;
		}
		// A request sent before the last refusal was known confirms that one, and no later one.
		const confirms = this.verifying && !this.probing;
		if (at <= this.refusedAt && !isProbe && !confirms) return;

		const sinceLast = now - this.refusedAt;
		this.refusedAt = now;
		// Refusals may have been about lines before, too, while there was no call to look at. A probe may have gone
		// through only because a call had ended.
		const again = this.verifying || this.shortage.blind || (!this.shared && sinceLast <= MINUTE_MS);
		if (about === 'unclear' && again) {
			this.shortage.ask();
			return;
		}
		this.round = { size: 1, left: 1 };
		if (this.shared) {
			this.shrink(isProbe);
			const isStarved = this.window.accepted <= 1;
			if (isStarved) this.scheduleProbe(now, STARVED_PROBE_MS, STARVED_JITTER);
			else this.scheduleProbe(now, isProbe ? this.probeGap() : MINUTE_MS, JITTER);
		} else if (!this.verifying && sinceLast > MINUTE_MS && this.canVerify()) {
			this.verifying = true;
		} else {
			this.share(retryAfterMs, now);
		}
	}

	/** Forgets what was learned: the refusals were about something else. */
	reset(): void {
		this.size = Number.POSITIVE_INFINITY;
		this.verifying = false;
	}

	/** At a full window a probe would wait for this process's own requests to leave, and tell nothing. */
	private canVerify(): boolean {
		return this.window.belowAt(this.keyLimit()) <= this.pausedUntil + EARLY_PROBE_MS;
	}

	/**
	 * At least one other process uses the key, so at most half of it is this one's. The first probe goes
	 * when Twenty2 says so, or when what counted at the refusal no longer does.
	 */
	private share(retryAfterMs: number, now: number): void {
		const { accepted } = this.window;
		this.verifying = false;
		this.size = Math.max(1, Math.min(accepted, Math.ceil(this.keyLimit() / 2)));
		this.firstProbes = FIRST_PROBES;
		this.failed = 0;
		this.scheduleProbe(now, retryAfterMs || MINUTE_MS, JITTER);
	}

	private shrink(byProbe: boolean): void {
		const { accepted } = this.window;
		if (!byProbe) this.size = Math.max(1, Math.floor(KEEP * Math.min(this.size, accepted)));
		else if (this.firstProbes > 0) this.firstProbes--;
		else this.failed++;
	}

	private giveBack(): void {
		if (++this.sinceGivenBack < GIVE_BACK_EVERY) return;
		this.sinceGivenBack = 0;
		this.size = Math.max(1, this.size - 1);
	}

	/** From a refused probe to the next. */
	private probeGap(): number {
		if (this.firstProbes > 0) return MINUTE_MS;
		return Math.min(PROBE_MS * PROBE_GROWTH ** this.failed, LONGEST_PROBE_MS);
	}

	private scheduleProbe(now: number, gap: number, jitter: number): void {
		this.probeAt = now + gap * (1 + Math.random() * jitter);
	}
}
