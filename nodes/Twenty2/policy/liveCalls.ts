import { sleep } from './abortable';
import type { RefusalCause } from './adaptiveLimit';
import type { Deadline } from './rateLimiter';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/*
 * The constants below were chosen by `npm run bench -- e`: change one, and the rows of one and of three
 * processes with three lines say what that does.
 */

/** The durations of so many calls are remembered. */
const REMEMBERED = 20;

/** A call is not looked at before it is as old as the shortest tenth of the remembered ones became. */
const SHORTEST = 1 / 10;

/** From one look at a call to the next, as a part of how long calls last, or of its age if none is known. */
const NEXT_LOOK = 1 / 20;
const FIRST_LOOKS = 2 / 5;

/** Processes that share lines share the permits for looks as well. */
const NEXT_LOOK_IF_SHARED = 1 / 12;

/** Backoff after a look that had no answer that tells, as a 404 or a lost one. It doubles up to the longest. */
const FIRST_BACKOFF_MS = 2 * SECOND_MS;
const LONGEST_BACKOFF_MS = MINUTE_MS;

/** From one probe for a line to the next, by how many lines this process holds. It grows up to `most`. */
const PROBES = {
	none: { firstMs: 5 * SECOND_MS, mostMs: 10 * SECOND_MS },
	some: { firstMs: 60 * SECOND_MS, mostMs: 140 * SECOND_MS },
	all: { firstMs: 5 * MINUTE_MS, mostMs: Number.POSITIVE_INFINITY },
};
const PROBE_GROWTH = 1.5;

/** After a probe went through, another line may be free as well. */
const NEXT_PROBE_MS = 5 * SECOND_MS;

/** How long a line stays free for a peer: a process without a line probes once in that time. */
const YIELD_MS = 12 * SECOND_MS;

/** A create that waits for a line. */
export interface LineRequest {
	signal: AbortSignal;
	/** Without one, the create waits for ever. */
	deadline?: Deadline;
	/**
	 * Sends one read that tells whether a call is over.
	 * @returns undefined when the answer does not tell
	 * @throws when the look was not sent, or refused for "too many requests"
	 */
	look: (callId: string, signal: AbortSignal) => Promise<boolean | undefined>;
}

/** Leave to send one create. Exactly one of the methods counts, the first that is called. */
export interface LinePass {
	/** Fires when the create has to ask again, unless it was sent. */
	withdrawn: AbortSignal;
	accepted(callId: string): void;
	/** @param canLook whether calls can be looked at @returns what the refusal may be about */
	refused(canLook: boolean): RefusalCause;
	/** The create was not sent, or neither accepted nor refused for "too many requests". */
	abandoned(): void;
}

interface LiveCall {
	placedAt: number;
	/** When the call was known to be live the last time. */
	seenAt: number;
	/** When a look had no answer that tells the last time. */
	lookedAt: number;
	/** How many looks in a row had none. */
	unanswered: number;
}

type PassReason = 'open' | 'freed' | 'probe';

/**
 * Which calls hold a line, and when one frees ("3 concurrent calls", Errors & Rate Limits).
 *
 * - `open`: creates pass. The first beyond the documented number of lines goes alone.
 * - `suspected`: a create was refused, and its early probe as well. One read of a live call decides. If
 *   it is answered, the window has room, so lines are short. If it is refused, the window is full.
 * - `limited`: a create passes when a call of this process has ended, which reads find out. Lines that
 *   others hold are probed with creates, at growing intervals.
 */
export class LiveCalls {
	private state: 'open' | 'suspected' | 'limited' = 'open';

	/** Calls of this process that are not known to be over, the oldest first. */
	private readonly live = new Map<string, LiveCall>();

	/** Creates that wait, the first to pass first. */
	private queue: LineRequest[] = [];

	private inFlight = 0;

	/** Creates beyond the documented number of lines need not go alone. */
	private beyondAccepted = false;

	/** Creates were accepted faster than so few lines could take them. */
	private notEnforced = false;

	/** When creates of the last second were accepted. */
	private acceptedAt: number[] = [];

	/** How many lines Twenty2 leaves to this process. */
	private capacity = 0;

	private probing = false;

	private probeAt = Number.NEGATIVE_INFINITY;

	private failedProbes = 0;

	private acceptedProbes = 0;

	private refusedAt = Number.NEGATIVE_INFINITY;

	/** Not before this time a read decides again. */
	private decidesAt = Number.NEGATIVE_INFINITY;

	private decidedForWindow = 0;

	/** A refusal counted for the window because there was no live call to look at. */
	undecided = false;

	/** Until when a freed line is left to a peer. */
	private yieldsUntil = Number.NEGATIVE_INFINITY;

	/** So many lines are freed from one that is yielded to the next. It doubles when no peer took it. */
	private yieldEvery = 1;

	private freedSinceYield = 0;

	private yielded = false;

	/** For how long calls were certainly live, in milliseconds, the latest last. */
	private lasted: number[] = [];

	/** Fires when something changed that a sleep waits for; there is none while nothing sleeps. */
	private changed: AbortController | undefined;

	/** Fires when creates no longer pass freely. */
	private closed = new AbortController();

	/** @param lines how many calls Twenty2 allows at once */
	constructor(private lines: number) {}

	/** Changes how many calls Twenty2 allows at once. */
	allow(lines: number): void {
		this.lines = lines;
		this.notify();
	}

	/** Whether no create waits for a line or is on its way. */
	get idle(): boolean {
		return this.queue.length + this.inFlight === 0;
	}

	/**
	 * Waits until a create may be sent.
	 * @throws the signal's reason
	 */
	async acquire(request: LineRequest): Promise<LinePass> {
		if (this.isFree && this.queue.length === 0) return this.pass('open');
		this.queue.push(request);
		try {
			return this.pass(await this.turnOf(request));
		} finally {
			this.queue = this.queue.filter((other) => other !== request);
			this.notify();
		}
	}

	/** Notes a call that an earlier try placed. */
	add(callId: string): void {
		const now = performance.now();
		this.live.set(callId, {
			placedAt: now,
			seenAt: now,
			lookedAt: Number.NEGATIVE_INFINITY,
			unanswered: 0,
		});
		if (this.state === 'open') this.trim();
	}

	/** Notes that a call is over. */
	ended(callId: string): void {
		const call = this.live.get(callId);
		if (!call) return;
		this.live.delete(callId);
		// Of a call that ended before the first look this is 0, so the next ones are looked at sooner.
		this.lasted = [...this.lasted.slice(1 - REMEMBERED), call.seenAt - call.placedAt];
		if (this.state === 'limited') this.lineFreed();
		this.notify();
	}

	/**
	 * Notes that a call is live and sleeps; wakes early when another look finds that it is over.
	 * @throws the signal's reason
	 */
	async sleepUntilEnded(callId: string, ms: number, signal: AbortSignal): Promise<void> {
		const call = this.live.get(callId);
		if (!call) return await sleep(ms, signal);
		call.seenAt = performance.now();
		const until = call.seenAt + ms;
		for (let left = ms; left > 0 && this.live.has(callId); left = until - performance.now()) {
			await this.sleep(left, signal);
			signal.throwIfAborted();
		}
	}

	/** Finds out whether lines or the window are short. Creates have to wait for the result. */
	suspect(): void {
		if (this.state !== 'open') return;
		this.closed.abort();
		this.closed = new AbortController();
		this.state = 'suspected';
	}

	/** A read was answered. @returns whether this decides that lines are short */
	readAnswered(): boolean {
		if (this.state !== 'suspected') return false;
		this.state = 'limited';
		this.undecided = false;
		this.capacity = Math.min(this.live.size, this.lines);
		this.failedProbes = 0;
		this.acceptedProbes = 0;
		this.scheduleProbe();
		this.notify();
		return true;
	}

	/** A read was refused. */
	readRefused(): void {
		if (this.state !== 'suspected') return;
		this.undecided = false;
		this.open();
		this.decidesAt = performance.now() + MINUTE_MS * 2 ** this.decidedForWindow++;
		this.notify();
	}

	private open(): void {
		this.state = 'open';
		this.beyondAccepted = true;
	}

	private get isFree(): boolean {
		const within = this.live.size + this.inFlight < this.lines;
		return this.state === 'open' && (this.beyondAccepted || within);
	}

	/** Lines that calls of this process have freed, beside those that creates are on their way to. */
	private get freed(): number {
		return this.capacity - this.live.size - this.inFlight;
	}

	/** Waits until a queued create may go. Only the first one looks and probes. */
	private async turnOf(request: LineRequest): Promise<PassReason> {
		const { signal, deadline } = request;
		for (;;) {
			signal.throwIfAborted();
			const now = performance.now();
			const isFirst = this.queue[0] === request;
			if (isFirst && this.isFree) return 'open';
			if (isFirst && this.state === 'open' && !this.probing) return 'probe';

			const { passes, wakeAt } = this.limitedTurn(isFirst, deadline, now);
			if (passes) return passes;
			const look = isFirst ? this.nextLook(now) : undefined;
			if (look && look.at <= now) await this.look(look.callId, request);
			else await this.sleep(Math.min(wakeAt, look?.at ?? Number.POSITIVE_INFINITY) - now, signal);
		}
	}

	/** What a limit on lines lets a queued create do now, or when to ask again. */
	private limitedTurn(
		isFirst: boolean,
		deadline: Deadline | undefined,
		now: number,
	): { passes?: PassReason; wakeAt: number } {
		if (this.state !== 'open') deadline?.allows(now, now);
		const lastTryAt = deadline?.at ?? Number.POSITIVE_INFINITY;
		if (this.state === 'suspected') {
			const isLast = !this.probing && lastTryAt <= now;
			return isLast
				? { passes: 'probe', wakeAt: now }
				: { wakeAt: this.probing ? Number.POSITIVE_INFINITY : lastTryAt };
		}
		if (this.state === 'open') return { wakeAt: Number.POSITIVE_INFINITY };
		const probeAt = isFirst ? Math.min(this.probeAt, lastTryAt) : lastTryAt;
		const wakeAt = [this.probing ? Number.POSITIVE_INFINITY : probeAt];
		if (isFirst && this.freed > 0) {
			if (this.freed > 1 || now >= this.yieldsUntil) return { passes: 'freed', wakeAt: now };
			wakeAt.push(this.yieldsUntil);
		}
		if (!this.probing && probeAt <= now) return { passes: 'probe', wakeAt: now };
		return { wakeAt: Math.min(...wakeAt) };
	}

	/** The call that is due first, and when. */
	private nextLook(now: number): { callId: string; at: number } | undefined {
		if (this.state === 'open') return undefined;
		const [oldest] = this.live.keys();
		if (oldest === undefined) return undefined;
		if (this.state === 'suspected') {
			const at = Math.max(now, ...[...this.live.values()].map(retryLookAt));
			return { callId: oldest, at };
		}

		const durations = [...this.lasted].sort((a, b) => a - b);
		const shortest = durations[Math.floor(durations.length * SHORTEST)] ?? 0;
		const usual = durations[Math.floor(durations.length / 2)];
		const part = this.capacity < this.lines ? NEXT_LOOK_IF_SHARED : NEXT_LOOK;
		let next: { callId: string; at: number } | undefined;
		for (const [callId, { placedAt, seenAt, lookedAt, unanswered }] of this.live) {
			const age = seenAt - placedAt;
			const pause = usual === undefined ? age * FIRST_LOOKS : Math.max(usual, age - usual) * part;
			const at = Math.max(
				placedAt + shortest,
				seenAt + Math.max(pause, SECOND_MS),
				retryLookAt({ lookedAt, unanswered }),
			);
			if (next === undefined || at < next.at) next = { callId, at };
		}
		return next;
	}

	private async look(callId: string, { look, signal }: LineRequest): Promise<void> {
		const woken = AbortSignal.any([signal, this.changeSignal]);
		// A look that was woken or refused may be repeated as soon as the key allows it.
		const result = await look(callId, woken).then(
			(over) => ({ over }),
			() => undefined,
		);
		const call = this.live.get(callId);
		if (!result || !call) return;
		const now = performance.now();
		if (result.over === undefined)
			Object.assign(call, { lookedAt: now, unanswered: call.unanswered + 1 });
		else if (result.over) this.ended(callId);
		else Object.assign(call, { seenAt: now, unanswered: 0, lookedAt: Number.NEGATIVE_INFINITY });
	}

	/** Sleeps until the time is over, something changed, or the signal fired. */
	private async sleep(ms: number, signal: AbortSignal): Promise<void> {
		const woken = AbortSignal.any([signal, this.changeSignal]);
		await sleep(Math.ceil(Math.min(ms, LONGEST_SLEEP_MS)), woken).catch(() => undefined);
	}

	private pass(reason: PassReason): LinePass {
		const at = performance.now();
		let settled = false;
		const settle = (then: () => void) => {
			if (settled) return;
			settled = true;
			this.inFlight--;
			if (reason === 'probe') this.probing = false;
			then();
			this.notify();
		};
		this.inFlight++;
		if (reason === 'probe') this.probing = true;
		return {
			withdrawn: this.closed.signal,
			accepted: (callId) => settle(() => this.accepted(callId, reason)),
			refused: (canLook) => {
				const cause = this.causeOfRefusal(canLook, at);
				settle(() => this.refused(reason, at));
				return cause;
			},
			abandoned: () => settle(() => undefined),
		};
	}

	private causeOfRefusal(canLook: boolean, at: number): RefusalCause {
		if (this.state === 'limited') return 'lines';
		if (!canLook || this.notEnforced || at < this.decidesAt) return 'window';
		if (this.live.size > 0) return this.undecided ? 'undecided' : 'lines or window';
		this.undecided = true;
		return 'window';
	}

	private accepted(callId: string, reason: PassReason): void {
		this.add(callId);
		this.noteRate();
		// Twenty2 takes creates, so it is worth waiting for.
		for (const { deadline } of this.queue) deadline?.restart();
		if (reason === 'freed') this.freedLineTaken();
		if (reason === 'probe') this.probeAccepted();
	}

	/** No call ends within a second: more creates than lines could take show that lines are not enforced. */
	private noteRate(): void {
		const now = performance.now();
		this.acceptedAt = [...this.acceptedAt.filter((at) => at > now - SECOND_MS), now];
		if (this.acceptedAt.length <= 2 * this.lines) return;
		this.notEnforced = true;
		this.open();
	}

	private probeAccepted(): void {
		this.beyondAccepted = true;
		this.capacity = Math.max(this.capacity, Math.min(this.live.size, this.lines));
		this.failedProbes = 0;
		this.probeAt = performance.now() + NEXT_PROBE_MS;
		if (++this.acceptedProbes > 2 * this.lines) this.open();
	}

	private freedLineTaken(): void {
		if (!this.yielded) return;
		this.yielded = false;
		this.yieldEvery *= 2;
	}

	private refused(reason: PassReason, at: number): void {
		if (this.state !== 'limited') return;
		this.acceptedProbes = 0;
		if (reason === 'probe') this.failedProbes++;
		if (reason === 'freed') {
			this.capacity = this.live.size + this.inFlight;
			this.yielded = false;
			this.yieldEvery = 1;
		}
		// One that was sent before the last refusal says the same again.
		if (at <= this.refusedAt && reason === 'open') return;
		this.refusedAt = performance.now();
		this.scheduleProbe();
	}

	/**
	 * A process that holds several lines while others hold some leaves one free for a moment now and then.
	 * It would take each again at once, so a peer without any would never get one.
	 */
	private lineFreed(): void {
		if (this.live.size === 0 || this.capacity >= this.lines) return;
		if (++this.freedSinceYield < this.yieldEvery) return;
		this.freedSinceYield = 0;
		this.yieldsUntil = performance.now() + YIELD_MS;
		this.yielded = true;
	}

	private scheduleProbe(): void {
		const held = this.live.size;
		const kind = held === 0 ? 'none' : held < this.lines ? 'some' : 'all';
		const { firstMs, mostMs } = PROBES[kind];
		const ms = Math.min(firstMs * PROBE_GROWTH ** this.failedProbes, mostMs);
		this.probeAt = performance.now() + jittered(ms);
	}

	/** While creates pass freely, older calls need not be remembered. */
	private trim(): void {
		for (const callId of this.live.keys()) {
			if (this.live.size <= this.lines) return;
			this.live.delete(callId);
		}
	}

	private get changeSignal(): AbortSignal {
		return (this.changed ??= new AbortController()).signal;
	}

	private notify(): void {
		const { changed } = this;
		this.changed = undefined;
		changed?.abort();
	}
}

/** When a call may be looked at again after looks that had no answer that tells. */
function retryLookAt({ lookedAt, unanswered }: Pick<LiveCall, 'lookedAt' | 'unanswered'>): number {
	return lookedAt + Math.min(FIRST_BACKOFF_MS * 2 ** (unanswered - 1), LONGEST_BACKOFF_MS);
}

const jittered = (ms: number) => ms * (1 + Math.random() / 2);
