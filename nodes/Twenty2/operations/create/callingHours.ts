const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** India is five and a half hours ahead of UTC, all year. */
const INDIA_MS = 5.5 * HOUR_MS;

/** "Calls ring only between 9:00 and 21:00 India time; one created outside is queued until 9:00." */
const OPENS_MS = 9 * HOUR_MS;
const CLOSES_MS = 21 * HOUR_MS;

/**
 * When a call rings that is placed at this time: at once, or when the next calling hours begin.
 * @param at in milliseconds since 1970, as the result is
 */
export function ringsAt(at: number): number {
	const midnight = Math.floor((at + INDIA_MS) / DAY_MS) * DAY_MS - INDIA_MS;
	const opens = midnight + OPENS_MS;
	if (at < opens) return opens;
	return at < midnight + CLOSES_MS ? at : opens + DAY_MS;
}

/** Which calls of a run Twenty2 keeps until its calling hours begin. */
export class CallingHours {
	private readonly ringing: number[] = [];

	/** @param at when a call was placed, in milliseconds since 1970 */
	placed(at: number): void {
		const rings = ringsAt(at);
		// Only those, so that a clock that is put back makes no other call one of them.
		if (rings > at) this.ringing.push(rings);
	}

	/** How many of them have yet to ring, and when the last of them will, in milliseconds since 1970. */
	get later(): { calls: number; at: number } {
		const still = this.ringing.filter((at) => at > Date.now());
		return { calls: still.length, at: still.at(-1) ?? 0 };
	}
}
