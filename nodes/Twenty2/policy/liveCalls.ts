const SECOND_MS = 1_000;

/** Before it is known how long calls last: soon at first, then calmer. */
const FIRST_WAITS = [1, 2, 4, 8, 15, 30].map((seconds) => seconds * SECOND_MS);
const LONGEST_WAIT_MS = 30_000;

/** Of the time that it took the last time: when to try first, and then how often. */
const FIRST_SHARE = 0.7;
const NEXT_SHARE = 0.2;
const CALMER = 1.3;

/** A try that found one line only came too early to be worth a refusal. */
const LATER = 1.5;

/**
 * The guess that "too many requests" means that as many calls are live as the key may have.
 *
 * Twenty2 gives both of its limits the same code. A line frees when a call ends, and calls of one
 * campaign last about as long as each other, so the time it took once tells when to try again.
 */
export class BusyLines {
	private ruledOut = false;

	/** From the first refusal on one create tries at a time, and its answer tells whether another may. */
	private oneByOne = false;

	private trying = false;

	private triesAt = Number.NEGATIVE_INFINITY;

	/** When the creates of the last second were accepted. */
	private lately: number[] = [];

	private busySince: number | undefined;

	/** How long it took until a line was free the last time. */
	private lastTook: number | undefined;

	/** Refusals since a line was free. */
	private tries = 0;

	private freeTogether = 0;

	/** @param lines how many calls the key may have at once */
	constructor(private lines: number) {}

	/** Changes how many calls the key may have at once. */
	allow(lines: number): void {
		if (lines === this.lines) return;
		this.lines = lines;
		this.lately = [];
	}

	/** Whether this may be what a refused create was told. */
	get possible(): boolean {
		return !this.ruledOut;
	}

	/** When one more create may be sent; unknown while one tries. */
	get opensAt(): number {
		if (this.ruledOut) return Number.NEGATIVE_INFINITY;
		return this.trying ? Number.POSITIVE_INFINITY : this.triesAt;
	}

	/** @returns whether it tries if a line is free */
	createSent(): boolean {
		this.trying = this.oneByOne && this.possible;
		return this.trying;
	}

	/** Reads need no line. */
	readRefused(): void {
		this.ruledOut = true;
	}

	/** No call ends within a second: who may place many in that time is not held to so few lines. */
	createAccepted(now: number, tried: boolean): void {
		if (this.ruledOut) return;
		this.lately = [...this.lately.filter((at) => at > now - SECOND_MS), now];
		this.ruledOut = this.lately.length > 2 * this.lines;
		if (tried) this.lineWasFree(now);
	}

	/** Whether refusals were put down to this. */
	get blamed(): boolean {
		return this.oneByOne;
	}

	createRefused(now: number): void {
		this.oneByOne = true;
		this.trying = false;
		this.triesAt = now + this.wait(now);
	}

	private lineWasFree(now: number): void {
		this.trying = false;
		this.freeTogether++;
		this.tries = 0;
		if (this.busySince !== undefined) this.lastTook = now - this.busySince;
		this.busySince = undefined;
	}

	private wait(now: number): number {
		if (this.freeTogether === 1 && this.lastTook !== undefined) this.lastTook *= LATER;
		this.freeTogether = 0;
		this.busySince ??= now;
		const tries = this.tries++;
		const wait = Math.min(Math.max(this.guess(tries), SECOND_MS), LONGEST_WAIT_MS);
		// Late tries fall out of step with others, who may use the key in a rhythm of a minute.
		return wait * (1 + Math.random() * (tries < FIRST_WAITS.length ? 0.05 : 0.5));
	}

	private guess(tries: number): number {
		if (this.lastTook === undefined) return FIRST_WAITS[tries] ?? LONGEST_WAIT_MS;
		return this.lastTook * (tries === 0 ? FIRST_SHARE : NEXT_SHARE * CALMER ** (tries - 1));
	}
}
