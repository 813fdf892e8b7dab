/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import { documentedLimits, slidingWindow, type Counting } from '../../sandbox';
import { callLengths, type CallLengths } from './callLengths';
import { Lines } from './lines';
import { pass } from './virtualTime';

export interface Twenty2Options {
	/** How requests are counted; a sliding window by default. */
	counting?: Counting;
	/** Whether refused requests count too. */
	countRefused?: boolean;
	/** Whether a refusal says how long to wait. */
	retryAfter?: boolean;
	/** The number of the request that is refused without a reason, from 1. */
	strayRefusal?: number;
	/** How long a request takes to arrive, and its answer, in milliseconds. */
	network?: { least: number; most: number };
	/** How long calls last; 30 seconds by default. */
	calls?: CallLengths;
	/** How many calls may be live at once; any number by default. */
	lines?: number;
	/** How long calls of others hold lines from the start, in seconds. */
	heldByOthers?: { lines: number; seconds: number };
	/** Whether a create beyond the lines is accepted, and its call queued. */
	queuesCalls?: boolean;
}

/** "Too many requests" (429). Twenty2 says the same of its window and of its lines. */
export class TooManyRequests extends Error {
	/** @param retryAfterMs 0 where the answer does not say */
	constructor(readonly retryAfterMs: number) {
		super('Too many requests');
	}
}

/** The limits of one key at Twenty2, without HTTP. */
export class Twenty2 {
	requests = 0;

	refused = 0;

	creates = 0;

	refusedCreates = 0;

	/** How long the placed calls last, in the order of placing, in seconds. */
	readonly lengths: number[] = [];

	private readonly rule;

	private readonly nextLength;

	private readonly lines: Lines | undefined;

	/** When each call ends, in ms. A call's id is its index. */
	private readonly ends: number[] = [];

	/** @param seed of the lengths of calls */
	constructor(
		private readonly options: Twenty2Options,
		seed: number,
	) {
		const { counting = slidingWindow, countRefused = false } = options;
		this.rule = counting({ ...documentedLimits, countRefused });
		this.nextLength = callLengths(options.calls ?? { mean: 30, sigma: 0 }, seed);
		this.lines = linesOf(options);
	}

	/**
	 * Places a call.
	 * @returns its id
	 * @throws TooManyRequests
	 */
	async create(): Promise<string> {
		return await this.exchange((now) => {
			this.creates++;
			try {
				this.count(now);
				return this.place(now);
			} catch (refusal) {
				this.refusedCreates++;
				throw refusal;
			}
		});
	}

	/**
	 * Reads a call. A read counts like a create.
	 * @returns whether the call has ended
	 * @throws TooManyRequests
	 */
	async isOver(callId: string): Promise<boolean> {
		return await this.exchange((now) => {
			this.count(now);
			const end = this.ends[Number(callId)];
			if (end === undefined) throw new Error(`There is no call ${callId}`);
			return end <= now;
		});
	}

	/** One request and its answer, over the network. */
	private async exchange<T>(answer: (now: number) => T): Promise<T> {
		await this.travel();
		try {
			return answer(Date.now());
		} finally {
			await this.travel();
		}
	}

	private async travel(): Promise<void> {
		const { least, most } = this.options.network ?? { least: 10, most: 100 };
		await pass(least + Math.random() * (most - least));
	}

	/** Counts a request of any kind. */
	private count(now: number): void {
		this.requests++;
		if (this.requests === this.options.strayRefusal) this.refuse(1);
		const waitMs = this.rule.arrive(now);
		if (waitMs > 0) this.refuse(waitMs);
	}

	/** Places a call whose create has been counted. */
	private place(now: number): string {
		const freeAt = this.lines?.nextFreeAt ?? now;
		if (freeAt > now && !this.options.queuesCalls) this.refuse(freeAt - now);
		const length = this.nextLength();
		this.lengths.push(length / 1_000);
		const start = this.lines?.hold(now, length) ?? now;
		return String(this.ends.push(start + length) - 1);
	}

	private refuse(waitMs: number): never {
		this.refused++;
		throw new TooManyRequests(this.options.retryAfter ? waitMs : 0);
	}
}

function linesOf({ lines, heldByOthers }: Twenty2Options): Lines | undefined {
	if (lines === undefined) return undefined;
	const { lines: held, seconds } = heldByOthers ?? { lines: 0, seconds: 0 };
	const now = Date.now();
	return new Lines(
		Array.from({ length: lines }, (_, n) => (n < held ? now + seconds * 1_000 : now)),
	);
}
