/**
 * How long one request puts up with being held back by "too many requests". Its time begins when
 * that first happens, to itself or to the key it uses.
 */
export class Endurance {
	/** A time of `performance.now()`; unknown until something holds it back. */
	endsAt: number | undefined;

	constructor(private readonly ms: number) {}

	/** Whether it is worth waiting until `resumesAt`, a time of `performance.now()`. */
	outlasts(resumesAt: number): boolean {
		this.endsAt ??= performance.now() + this.ms;
		return resumesAt <= this.endsAt;
	}
}
