import type { Endurance } from './endurance';
import { wait } from './wait';

const MINUTE_MS = 60_000;

/** The longest a timer can run; a longer wait is taken in pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
	endurance: Endurance | undefined;
	admit: (arrived: () => void) => void;
	refuse: (because: Error) => void;
}

interface Pause {
	until: number;
	because: Error;
}

/**
 * At most `limit` requests in any 60 seconds, first come first served.
 *
 * The limit is Twenty2's ("60 requests a minute", Errors and limits), and Twenty2 counts a request
 * when it arrives, which is some time between sending it and reading its answer. So a place is
 * taken from sending until 60 seconds after the answer: however the network delays, no 60 seconds
 * at Twenty2 ever hold more than `limit`. That also keeps a calendar minute and a token bucket of
 * the same size.
 */
export class Window {
	/** Requests sent whose answer has not come. */
	private unanswered = 0;

	/** When each answered request stops counting, earliest first. */
	private readonly leaving: number[] = [];

	private readonly queue = new Set<Waiting>();

	private paused: Pause | undefined;

	private alarm: { at: number; off: AbortController } | undefined;

	constructor(private limit: number) {}

	/** Changes how many requests any 60 seconds may hold, for those waiting too. */
	allow(limit: number): void {
		this.limit = limit;
		this.admit();
	}

	/** True when nothing that was sent still counts and nobody waits. */
	get idle(): boolean {
		this.forget();
		return (
			this.unanswered === 0 &&
			this.leaving.length === 0 &&
			this.queue.size === 0 &&
			this.paused === undefined
		);
	}

	/**
	 * Waits until one more request may be sent.
	 * @param signal leaves the queue when it fires
	 * @param endurance whether to wait a pause out; without it every pause is
	 * @returns to be called once, when the request has been answered or given up
	 * @throws the signal's reason, or the reason of a pause that is not waited out
	 */
	async enter(signal: AbortSignal, endurance?: Endurance): Promise<() => void> {
		signal.throwIfAborted();
		return await new Promise((resolve, reject) => {
			const leave = () => {
				this.queue.delete(waiting);
				this.admit();
				reject(signal.reason);
			};
			const waiting: Waiting = {
				endurance,
				admit: (arrived) => {
					signal.removeEventListener('abort', leave);
					resolve(arrived);
				},
				refuse: (because) => {
					signal.removeEventListener('abort', leave);
					reject(because);
				},
			};
			signal.addEventListener('abort', leave, { once: true });
			this.queue.add(waiting);
			this.admit();
		});
	}

	/**
	 * Lets nothing through for `ms` milliseconds from now; a longer pause already set stays.
	 * Who does not want to wait that long is refused with `because`.
	 * @returns when the pause ends, a time of `performance.now()`
	 */
	pause(ms: number, because: Error): number {
		const until = performance.now() + ms;
		if (this.paused && this.paused.until >= until) return this.paused.until;
		this.paused = { until, because };
		this.admit();
		return until;
	}

	private admit(): void {
		this.forget();
		if (this.paused) this.refuseWhoWillNotWait(this.paused);
		for (const waiting of this.queue) {
			if (this.paused || this.full) break;
			this.queue.delete(waiting);
			this.unanswered++;
			waiting.admit(this.onArrival());
		}
		this.setAlarm();
	}

	private get full(): boolean {
		return this.unanswered + this.leaving.length >= this.limit;
	}

	private refuseWhoWillNotWait({ until, because }: Pause): void {
		for (const waiting of this.queue) {
			if (waiting.endurance === undefined || waiting.endurance.outlasts(until)) continue;
			this.queue.delete(waiting);
			waiting.refuse(because);
		}
	}

	private onArrival(): () => void {
		return () => {
			this.unanswered--;
			this.leaving.push(performance.now() + MINUTE_MS);
			this.admit();
		};
	}

	private forget(): void {
		const now = performance.now();
		if (this.paused && this.paused.until <= now) this.paused = undefined;
		const gone = this.leaving.findIndex((at) => at > now);
		this.leaving.splice(0, gone === -1 ? this.leaving.length : gone);
	}

	/** Wakes when the first in the queue may go; without a queue there is nothing to wake for. */
	private setAlarm(): void {
		const at = this.queue.size === 0 ? undefined : this.nextChance();
		if (this.alarm?.at === at) return;
		this.alarm?.off.abort();
		this.alarm = undefined;
		if (at === undefined) return;

		const off = new AbortController();
		this.alarm = { at, off };
		const ms = Math.min(Math.max(at - performance.now(), 0), LONGEST_TIMER_MS);
		void wait(ms, off.signal).then(
			() => {
				this.alarm = undefined;
				this.admit();
			},
			() => undefined,
		);
	}

	/** The time of the next chance, or undefined while only an answer can make room. */
	private nextChance(): number | undefined {
		const pauseEnds = this.paused?.until ?? 0;
		if (!this.full) return pauseEnds;
		const first = this.leaving[0];
		return first === undefined ? undefined : Math.max(first, pauseEnds);
	}
}
