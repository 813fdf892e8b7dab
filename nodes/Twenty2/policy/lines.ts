import { sleep } from './abortable';
import { Changes } from './changes';
import type { Deadline } from './deadline';
import { LiveCalls } from './liveCalls';
import type { Outcome } from './outcome';
import type { Shortage } from './shortage';

const SECOND_MS = 1_000;

// The constants were chosen with `npm run bench -- e`: its rows with three lines say what a change does.

/** From one probe for a line to the next, by how many lines this process holds. It grows up to `most`. */
const PROBES = {
	none: { firstMs: 5 * SECOND_MS, mostMs: 10 * SECOND_MS },
	some: { firstMs: 75 * SECOND_MS, mostMs: 150 * SECOND_MS },
	all: { firstMs: 300 * SECOND_MS, mostMs: Number.POSITIVE_INFINITY },
};
const PROBE_GROWTH = 1.5;

/** The most by which a probe comes later, as a share of the gap, so that processes do not probe in step. */
const JITTER = 0.5;

/** Lines are not short once this many times the documented lines are in use. */
const ENOUGH = 2;

/** After a probe went through, another line may be free as well. */
const NEXT_PROBE_MS = 5 * SECOND_MS;

/** How long a freed line is left to a peer: a process without a line probes once in that time. */
const YIELD_MS = 12 * SECOND_MS;

/** It halves each time that no peer took the line, down to this. */
const LEAST_YIELD_MS = 1.5 * SECOND_MS;

/** A create that waits for a line. */
export interface LineRequest {
	signal: AbortSignal;
	deadline?: Deadline;
	/** The create was refused before, and goes before others. */
	first?: boolean;
	/** Sends one read that tells whether a call is over. @returns undefined when no answer tells */
	look: (callId: string, signal: AbortSignal) => Promise<boolean | undefined>;
}

/** Leave to send one create. */
export interface Line {
	/** When it was given, a time of `performance.now()`. */
	readonly at: number;
	/**
	 * Says how the create ended. Only the first outcome counts, but after no answer: such a create may hold its
	 * line until more is known.
	 */
	settle(outcome: Outcome): void;
}

type Reason = 'free' | 'freed' | 'probe';

/**
 * The lines that Twenty2 leaves to this process ("3 concurrent calls", Errors & Rate Limits).
 *
 * Creates pass while fewer calls are live than there are lines. One beyond them goes alone, and when it is
 * accepted, Twenty2 queues calls itself and creates pass freely. When lines are short, a create passes when a
 * call of this process has ended, which reads find out. Lines that others hold are probed with creates, at
 * growing intervals.
 */
export class Lines {
	readonly calls = new LiveCalls();

	/** Creates that wait, the first to pass first. */
	private queue: LineRequest[] = [];

	private inFlight = 0;

	/** How many lines there are, where that was learned; Infinity while creates pass freely. */
	private learned: number | undefined;

	private probing = false;

	private probeAt = Number.NEGATIVE_INFINITY;

	private failedProbes = 0;

	/** Until when a freed line is left to a peer, and for how long the next one will be. */
	private yieldsUntil = Number.NEGATIVE_INFINITY;

	private yieldMs = YIELD_MS;

	/** When the latest creates were accepted. */
	private acceptedAt: number[] = [];

	private readonly changes = new Changes();

	/**
	 * @param documented how many calls Twenty2 allows at once, as it is now
	 * @param shortage tells whether lines are short
	 */
	constructor(
		private readonly documented: () => number,
		private readonly shortage: Shortage,
	) {}

	/** Whether no create waits for a line or is on its way. */
	get idle(): boolean {
		return this.queue.length + this.inFlight === 0;
	}

	/** Waits until a create may be sent. @throws the signal's reason */
	async acquire(request: LineRequest): Promise<Line> {
		const isOpen = this.shortage.state === 'none' && this.queue.length === 0;
		if (isOpen && this.free > 0) return this.lineFor('free');
		const behind = request.first ? this.queue.findIndex(({ first }) => !first) : -1;
		this.queue.splice(behind === -1 ? this.queue.length : behind, 0, request);
		try {
			return this.lineFor(await this.turnOf(request));
		} finally {
			this.queue = this.queue.filter((other) => other !== request);
			this.changed();
		}
	}

	/** Notes a live call. */
	add(callId: string): void {
		this.calls.add(callId);
		// While creates pass freely, older calls need not be remembered.
		if (this.shortage.state === 'none') this.calls.trim(this.documented());
	}

	/** Notes that a call is over. */
	ended(callId: string): void {
		if (!this.calls.end(callId)) return;
		if (this.shortage.state === 'lines') this.leaveToPeer();
		this.changed();
	}

	/**
	 * Notes that a call is live and sleeps; wakes early when another look finds that it is over.
	 * @throws the signal's reason
	 */
	async sleepUntilEnded(callId: string, ms: number, signal: AbortSignal): Promise<void> {
		if (!this.calls.seen(callId)) return await sleep(ms, signal);
		const until = performance.now() + ms;
		for (let left = ms; left > 0 && this.calls.has(callId); left = until - performance.now()) {
			await this.changes.sleep(left, signal);
			signal.throwIfAborted();
		}
	}

	/** What is short has been decided. */
	decided(): void {
		if (this.shortage.state === 'lines') {
			this.learned = Math.min(this.calls.count, this.documented());
			this.failedProbes = 0;
			this.scheduleProbe();
		} else this.learned = Number.POSITIVE_INFINITY;
		this.changed();
	}

	/** Creates that wait ask again: something they wait for may have changed. */
	changed(): void {
		this.changes.notify();
	}

	/** How many lines there are beside those that live calls and creates on their way hold. */
	private get free(): number {
		return (this.learned ?? this.documented()) - this.calls.count - this.inFlight;
	}

	/** Waits until a queued create may go. Only the first one looks and probes. */
	private async turnOf(request: LineRequest): Promise<Reason> {
		const { signal, deadline } = request;
		for (;;) {
			signal.throwIfAborted();
			const now = performance.now();
			const isFirst = this.queue[0] === request;
			const next = this.next(isFirst, deadline, now);
			if (typeof next === 'string') return next;
			const due = isFirst ? this.nextLook(now) : undefined;
			if (due && due.at <= now) await this.look(due.callId, request, next - now);
			else {
				const wakeAt = Math.min(next, due?.at ?? Number.POSITIVE_INFINITY);
				await this.changes.sleep(wakeAt - now, signal);
			}
		}
	}

	/** Why a queued create may go now, or when it asks again. */
	private next(isFirst: boolean, deadline: Deadline | undefined, now: number): Reason | number {
		const { state } = this.shortage;
		const never = Number.POSITIVE_INFINITY;
		if (state === 'none') {
			if (isFirst && this.free > 0) return 'free';
			return isFirst && !this.probing ? 'probe' : never;
		}
		// The time of a create begins when it has to wait.
		deadline?.allows(now, now);
		const wakeAt = [never];
		if (state === 'lines' && isFirst && this.free > 0) {
			if (this.free > 1 || now >= this.yieldsUntil) return 'freed';
			wakeAt.push(this.yieldsUntil);
		}
		if (!this.probing) {
			const probeAt = state === 'lines' && isFirst ? this.probeAt : never;
			wakeAt.push(Math.min(probeAt, deadline?.at ?? never));
		}
		const at = Math.min(...wakeAt);
		return !this.probing && at <= now ? 'probe' : at;
	}

	private nextLook(now: number): { callId: string; at: number } | undefined {
		const { state } = this.shortage;
		if (state === 'none') return undefined;
		return state === 'unclear' ? this.calls.oldest(now) : this.calls.due();
	}

	/** Looks at a call. A look that is not sent within the time is given up: the create may go by then. */
	private async look(callId: string, { look, signal }: LineRequest, ms: number): Promise<void> {
		await this.changes.within(ms, signal, async (woken) => {
			const isOver = await look(callId, woken);
			if (isOver === undefined) this.calls.unanswered(callId);
			else if (isOver) this.ended(callId);
			else this.calls.seen(callId);
		});
	}

	private lineFor(reason: Reason): Line {
		const at = performance.now();
		this.inFlight++;
		if (reason === 'probe') this.probing = true;
		let isProbing = reason === 'probe';
		let isHeld = true;
		const settle = (outcome: Outcome) => {
			if (isProbing) this.probing = false;
			isProbing = false;
			if (isHeld && outcome.is !== 'no answer') {
				isHeld = false;
				this.inFlight--;
				if (outcome.is === 'rate limited') this.refused(reason);
				if (outcome.is === 'answered' && outcome.callId !== undefined)
					this.accepted(outcome.callId, reason);
			}
			this.changed();
		};
		return { at, settle };
	}

	private accepted(callId: string, reason: Reason): void {
		this.noteRate();
		const isShort = this.shortage.state === 'lines';
		this.add(callId);
		// Twenty2 accepts creates again, so those that wait get their whole time.
		for (const { deadline } of this.queue) deadline?.restart();
		// Nobody took the line that was left to others, so the next one is left for less long.
		if (reason === 'freed') this.yieldMs = Math.max(this.yieldMs / 2, LEAST_YIELD_MS);
		if (reason !== 'probe') return;
		const most = isShort ? Math.max(this.learned ?? 0, this.calls.count) : Number.POSITIVE_INFINITY;
		// Twenty2 takes more calls than lines could: it queues them itself.
		if (isShort && most > ENOUGH * this.documented()) this.shortage.linesSuffice(false);
		this.learned = this.shortage.state === 'lines' ? most : Number.POSITIVE_INFINITY;
		this.failedProbes = 0;
		this.probeAt = performance.now() + NEXT_PROBE_MS;
	}

	/** No call ends within a second: more creates than lines could take show that lines are not enforced. */
	private noteRate(): void {
		const now = performance.now();
		const most = ENOUGH * this.documented();
		this.acceptedAt = [...this.acceptedAt.slice(-most), now];
		const [first = now] = this.acceptedAt;
		if (this.acceptedAt.length <= most || first <= now - SECOND_MS) return;
		this.shortage.linesSuffice(true);
		this.learned = Number.POSITIVE_INFINITY;
	}

	private refused(reason: Reason): void {
		if (this.shortage.state !== 'lines') return;
		if (reason === 'probe') this.failedProbes++;
		if (reason === 'freed') {
			this.learned = this.calls.count + this.inFlight;
			this.yieldMs = YIELD_MS;
		}
		this.scheduleProbe();
	}

	/**
	 * A process that holds several lines while others hold some leaves one free for a moment now and then.
	 * It would take each again at once, so a peer without any would never get one.
	 */
	private leaveToPeer(): void {
		const others = (this.learned ?? 0) < this.documented();
		if (this.calls.count > 0 && others) this.yieldsUntil = performance.now() + this.yieldMs;
	}

	private scheduleProbe(): void {
		const held = this.calls.count;
		const kind = held === 0 ? 'none' : held < this.documented() ? 'some' : 'all';
		const { firstMs, mostMs } = PROBES[kind];
		const gapMs = Math.min(firstMs * PROBE_GROWTH ** this.failedProbes, mostMs);
		this.probeAt = performance.now() + gapMs * (1 + Math.random() * JITTER);
	}
}
