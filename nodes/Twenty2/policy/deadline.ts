/** Until when a request waits. Its time begins when a refusal first holds the request back. */
export class Deadline {
	/** A time of `performance.now()`; unknown until a refusal holds the request back. */
	at: number | undefined;

	/** @param ms how long the request waits, in milliseconds */
	constructor(private readonly ms: number) {}

	/** Whether the request waits until `time`. Both are times of `performance.now()`. */
	allows(time: number, now: number): boolean {
		this.at ??= now + this.ms;
		return time <= this.at;
	}

	/** Lets the time begin anew: Twenty2 takes requests again. */
	restart(): void {
		this.at = undefined;
	}
}
