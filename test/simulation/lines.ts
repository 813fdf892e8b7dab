/** Twenty2's lines. A call holds one from its start to its end. */
export class Lines {
	private readonly freeAt: number[];

	/** @param heldUntil when each line is free for the first time, in ms */
	constructor(heldUntil: number[]) {
		this.freeAt = [...heldUntil];
	}

	/** When the next line is free, in ms. */
	get nextFreeAt(): number {
		return Math.min(...this.freeAt);
	}

	/**
	 * Holds the next free line for a call, which starts when that is free.
	 * @param at the earliest start, in ms
	 * @param length of the call, in ms
	 * @returns when the call starts, in ms
	 */
	hold(at: number, length: number): number {
		const next = this.nextFreeAt;
		const start = Math.max(at, next);
		this.freeAt[this.freeAt.indexOf(next)] = start + length;
		return start;
	}
}

/**
 * When the last of these calls starts if each line is refilled at once.
 * @param lengths in the order of placing
 * @returns in the unit of the lengths
 */
export function lastStart(lines: number, lengths: number[]): number {
	const ideal = new Lines(new Array<number>(lines).fill(0));
	return Math.max(...lengths.map((length) => ideal.hold(0, length)));
}
