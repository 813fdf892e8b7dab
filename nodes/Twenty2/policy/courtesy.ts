const FULL_MS = 150_000;

/** Longer than a minute, which the place itself needs to fall free. */
const FREE_MS = 110_000;

/** Sent in one burst, the places of a minute all fall free at once, and are soon taken again. */
const STILL_BUSY_MS = 65_000;

/** Smaller windows cannot spare a place. */
const LEAST_SIZE = 10;

/**
 * Leaves one place free for a while, after every two and a half minutes at the limit.
 *
 * Who takes each place again the moment it frees is never refused, and so never learns that another
 * worker with the same key gets nothing at all. In the free place the other gets its foot in the
 * door; finding the place taken then tells this one to share.
 */
export class Courtesy {
	private busySince: number | undefined;

	private lastFullAt = Number.NEGATIVE_INFINITY;

	/**
	 * @param full how full the window is, from 0 to 1
	 * @param awaited whether somebody waits for it
	 */
	note(full: number, awaited: boolean, now: number): void {
		if (now - this.lastFullAt > STILL_BUSY_MS) this.busySince = undefined;
		if (full < 0.9 || !awaited) return;
		this.busySince ??= now;
		this.lastFullAt = now;
	}

	/** How many places of a window of this size stay free, and until when. */
	spare(size: number, now: number): { places: 0 | 1; until: number } {
		const round = FULL_MS + FREE_MS;
		const since = this.busySince === undefined ? 0 : (now - this.busySince) % round;
		if (size < LEAST_SIZE || since < FULL_MS) return { places: 0, until: now };
		return { places: 1, until: now - since + round };
	}
}
