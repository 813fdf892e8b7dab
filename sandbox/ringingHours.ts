const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** India is ahead of UTC by as much, all year. */
const INDIA_MS = 5.5 * HOUR_MS;

/**
 * When a call begins: at once, or at 9:00 India time when it is placed between 21:00 and 9:00 (Twenty2
 * documentation, Workspace).
 * @param at when it is placed, in ms since 1970
 */
export function beginsAt(at: number): number {
	const ofDay = (at + INDIA_MS) % DAY_MS;
	const morning = at - ofDay + 9 * HOUR_MS;
	if (ofDay < 9 * HOUR_MS) return morning;
	return ofDay < 21 * HOUR_MS ? at : morning + DAY_MS;
}
