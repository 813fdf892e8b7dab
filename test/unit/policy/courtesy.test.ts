import { describe, expect, it } from 'vitest';

import { Courtesy } from '../../../nodes/Twenty2/policy/courtesy';
import { Window } from '../../../nodes/Twenty2/policy/rateLimiter';
import { pass, useFakeTime } from './fakeTime';

const SECOND = 1_000;
const LARGE = 60;

/** Full, with somebody waiting, since the beginning. */
function busy(): Courtesy {
	const courtesy = new Courtesy();
	courtesy.note(1, true, 0);
	return courtesy;
}

const sparesAt = (courtesy: Courtesy, seconds: number, size = LARGE) =>
	courtesy.spare(size, seconds * SECOND).places;

describe('Courtesy', () => {
	it('leaves one place free from two and a half minutes at the limit on', () => {
		const courtesy = busy();
		expect([149.999, 150, 259.999].map((at) => sparesAt(courtesy, at))).toEqual([0, 1, 1]);
		expect(courtesy.spare(LARGE, 200 * SECOND).until).toBe(260 * SECOND);
	});

	it('takes it back, and leaves it free again in the next round', () => {
		const courtesy = busy();
		expect([260, 409.999, 410, 519.999, 520].map((at) => sparesAt(courtesy, at))).toEqual([
			0, 0, 1, 1, 0,
		]);
	});

	it('leaves nothing free of a small window', () => {
		expect(sparesAt(busy(), 200, 9)).toBe(0);
		expect(sparesAt(busy(), 200, 10)).toBe(1);
	});

	it('does not begin while nobody waits, or before it is nearly full', () => {
		const courtesy = new Courtesy();
		courtesy.note(1, false, 0);
		courtesy.note(0.89, true, 0);
		expect(sparesAt(courtesy, 200)).toBe(0);
	});

	it('goes on when all places fall free at once and are taken again', () => {
		const courtesy = busy();
		for (const at of [60, 120, 180]) {
			courtesy.note(0.02, false, at * SECOND);
			courtesy.note(1, true, (at + 1) * SECOND);
		}
		expect(sparesAt(courtesy, 200)).toBe(1);
	});

	it('begins anew after more than a minute that was not full', () => {
		const courtesy = busy();
		courtesy.note(0.5, true, 66 * SECOND);
		courtesy.note(1, true, 70 * SECOND);
		expect(sparesAt(courtesy, 200)).toBe(0);
		expect(sparesAt(courtesy, 220)).toBe(1);
	});
});

describe('Window at its limit for long', () => {
	useFakeTime();

	const never = new AbortController().signal;

	/** Sends without end, one request a second while it may. */
	function busyWindow(limit: number): Window {
		const window = new Window(limit, 3);
		const goOn = async () => {
			for (;;) {
				const place = await window.enter({ kind: 'create', signal: never });
				await new Promise((answered) => void setTimeout(answered, SECOND));
				place.answered();
			}
		};
		void goOn();
		return window;
	}

	/** How many requests counted at these times, in seconds. */
	async function countingAt(window: Window, times: number[]): Promise<number[]> {
		const counting: number[] = [];
		for (const at of times) {
			await pass(at * SECOND - performance.now());
			counting.push(window.state.counting);
		}
		return counting;
	}

	it('leaves one place to others for a while, then takes it again, and so on', async () => {
		const counting = await countingAt(busyWindow(10), [140, 225, 255, 330, 400, 480, 515, 590]);
		expect(counting).toEqual([10, 9, 9, 10, 10, 9, 9, 10]);
	});

	it('uses all of a limit too small to share', async () => {
		const counting = await countingAt(busyWindow(9), [140, 225, 255, 330, 400, 480, 515, 590]);
		expect(new Set(counting)).toEqual(new Set([9]));
	});
});
