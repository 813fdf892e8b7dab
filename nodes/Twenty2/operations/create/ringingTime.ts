const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** India is five and a half hours ahead of UTC, all year. */
const INDIA_MS = 5.5 * HOUR_MS;

/**
 * "Calls ring only between 9:00 and 21:00 India time; one created outside is queued until 9:00"
 * (Twenty2 documentation).
 */
const OPENS_MS = 9 * HOUR_MS;
const CLOSES_MS = 21 * HOUR_MS;

/**
 * The time at which a call rings: when it is placed, or when the next calling hours begin.
 * @param at when it is placed, in milliseconds since 1970
 * @returns milliseconds since 1970
 */
export function ringsAt(at: number): number {
	const midnight = Math.floor((at + INDIA_MS) / DAY_MS) * DAY_MS - INDIA_MS;
	const opens = midnight + OPENS_MS;
	if (at < opens) return opens;
	return at < midnight + CLOSES_MS ? at : opens + DAY_MS;
}

/** A time in ISO 8601 with the offset of India. @param at in milliseconds since 1970 */
export function inIndia(at: number): string {
	return new Date(at + INDIA_MS).toISOString().replace(/\.\d+Z$/, '+05:30');
}

/**
 * Of calls that were placed at these times, how many have not rung yet, and when the last one will.
 * @param placedAt in milliseconds since 1970
 */
export function ringLater(placedAt: number[]): { calls: number; at: number } {
	const now = Date.now();
	// A call within the calling hours does not count: it would after the clock is put back.
	const still = placedAt.filter((at) => ringsAt(at) > Math.max(at, now));
	return { calls: still.length, at: Math.max(0, ...still.map(ringsAt)) };
}
