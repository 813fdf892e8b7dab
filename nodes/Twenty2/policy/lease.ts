import { sleep } from './abortable';
import type { Budget } from './budget';
import type { Deadline } from './deadline';
import type { Line, LineRequest } from './lines';
import type { Outcome, RateLimited } from './outcome';
import type { Permit } from './rateLimiter';
import type { About } from './shortage';
import type { WaitTally } from './waitTally';

/**
 * What a request is for: `create` holds a line, `read` does not, `poll` looks whether a call has ended and leaves
 * room for other requests, `look` is such a poll of a create that waits for a line.
 */
export type Kind = 'create' | 'read' | 'poll' | 'look';

/** A request that asks to be sent. */
export interface Request {
	/** For the log. It must not identify a person. */
	what: string;
	/** Ends the waiting, not what has been sent. */
	signal: AbortSignal;
	/** Until when to wait while Twenty2 refuses; without one, for ever. */
	deadline?: Deadline;
	/** Of a create: sends one read that tells whether a call is over. It never rejects. */
	look?: (callId: string) => Promise<Looked>;
}

/** How a look at a call ended. */
export interface Looked {
	outcome: Outcome;
	/** Undefined when the answer does not tell. */
	isOver?: boolean;
}

/** Told what is queued, refused and sent late. */
export type Log = (message: string) => void;

/** A longer wait that Twenty2 asks for holds back the refused request alone (`adaptiveLimit.ts`). */
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Leave to send one request, again after a 429. */
export class Lease {
	private line: Line | undefined;

	private permit: Permit | undefined;

	/** Twenty2 asked this request to wait until then, a time of `performance.now()`. */
	private notBefore: number | undefined;

	/**
	 * @param look of a create that waits for a line, within the limits
	 * @param tally adds up how long the request waits
	 * @param onRelease gives back what the request holds beside its line
	 */
	constructor(
		private readonly budget: Budget,
		private readonly kind: Kind,
		private readonly request: Request,
		private readonly look: LineRequest['look'],
		private readonly tally: WaitTally,
		private readonly log: Log,
		private readonly onRelease: () => void,
	) {}

	/**
	 * Waits until the request may be sent: for a line first, then for a permit.
	 * @param first whether the request was refused before, and goes before others
	 * @throws the signal's reason, or the last refusal when the deadline comes first
	 */
	async admit(first = false): Promise<void> {
		do {
			this.line = this.kind === 'create' ? await this.acquireLine(first) : undefined;
			this.permit = await this.acquirePermit(first).catch((reason: unknown) => {
				this.line?.settle({ is: 'unsent' });
				throw reason;
			});
			// Lines may be short, so the create asks for one again.
			if (!this.permit) this.line?.settle({ is: 'unsent' });
		} while (!this.permit);
	}

	/** Says how the request ended. Only the first outcome counts, but after no answer a look may tell more. */
	settle(outcome: Outcome): void {
		const { budget, line, permit } = this;
		const about = outcome.is === 'rate limited' ? this.rateLimited(outcome) : undefined;
		// The line before the permit, which lets the next create go.
		line?.settle(outcome);
		permit?.settle(outcome, about);
		if (!line) budget.readSettled(outcome);
	}

	/** Gives back all that the request holds. One that was not settled was not sent. */
	release(): void {
		this.settle({ is: 'unsent' });
		this.onRelease();
	}

	/** @returns what the refusal may be about */
	private rateLimited({ message, retryAfterMs }: RateLimited): About {
		const { shortage, lines } = this.budget;
		const { what, look } = this.request;
		this.notBefore = performance.now() + retryAfterMs;
		this.log(`${what} was refused: ${message}`);
		if (!this.line) return 'requests';
		const { at: sentAt } = this.line;
		return shortage.about({ sentAt, canLook: look !== undefined, live: lines.calls.count });
	}

	private async acquireLine(first: boolean): Promise<Line> {
		const { signal, deadline } = this.request;
		const mustWaitMs = (this.notBefore ?? 0) - performance.now();
		// This create must not be the one probe for a line meanwhile, because other creates may go.
		if (mustWaitMs > LONGEST_PAUSE_MS) await this.waitAlone(mustWaitMs);
		const endWait = this.tally.begin();
		const acquired = this.budget.lines.acquire({ signal, deadline, first, look: this.look });
		return await acquired.finally(() => endWait(true));
	}

	/** Waits out the time that Twenty2 asked this request to wait, while others go on. */
	private async waitAlone(ms: number): Promise<void> {
		const { signal, deadline } = this.request;
		const now = performance.now();
		if (deadline?.allows(now + ms, now) === false) throw new Error('The deadline comes before');
		const endWait = this.tally.begin();
		await sleep(ms, signal).finally(() => endWait(true));
	}

	private async acquirePermit(first: boolean): Promise<Permit | undefined> {
		const { kind, notBefore, log, budget } = this;
		const { what, signal, deadline } = this.request;
		const endWait = this.tally.begin();
		const from = performance.now();
		let permit: Permit | undefined;
		// A read must not wait behind creates that may lack a line. Their own looks may.
		const urgent = (kind === 'read' || kind === 'poll') && budget.shortage.blind;
		const needsLine = kind === 'create';
		const wanted = { signal, deadline, first, urgent, notBefore, needsLine };
		const acquired = budget.limiter.acquire(wanted);
		const { waiting, counting, limit } = budget.limiter.state;
		if (waiting > 0) log(`${what} waits: ${counting} of ${limit} requests of the last minute used`);
		try {
			permit = await acquired;
			return permit;
		} finally {
			// A request that was neither let in nor stopped was refused.
			endWait(permit?.heldBack ?? !signal.aborted);
			const seconds = (performance.now() - from) / 1_000;
			if (seconds >= 1) log(`${what} waited ${seconds.toFixed(1)} seconds`);
		}
	}
}
