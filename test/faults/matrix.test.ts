import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { useVirtualTime } from '../engine/virtualTime';
import { documentation } from './documentation';
import { expectedOf, type Expected, type Range } from './expected';
import { cells, Matrix, titleOf, type Result } from './matrix';

let matrix: Matrix;
beforeAll(async () => {
	matrix = await Matrix.start();
});
afterAll(() => matrix.close());

const isIn = (value: number | undefined, wanted: number | Range | undefined) =>
	Array.isArray(wanted)
		? value !== undefined && value >= wanted[0] && value <= wanted[1]
		: value === wanted;

/** The result with a range in the place of each number that is in it, so that the two can be compared. */
const inRanges = (result: Result, { attempts, requests }: Expected) => ({
	...result,
	...(isIn(result.attempts, attempts) && attempts !== undefined && { attempts }),
	...(isIn(result.requests, requests) && { requests }),
});

describe('Every fault has one defined result', () => {
	useVirtualTime();

	it.each(cells().map((cell) => [titleOf(cell), cell] as const))(
		'every fault has one defined result: %s',
		async (_, cell) => {
			const { result, waited, callsInAll, sentElsewhere } = await matrix.play(cell);
			const expected = expectedOf(cell);
			expect(inRanges(result, expected)).toEqual(expected);
			expect(callsInAll).toBeLessThanOrEqual(1);
			if (result.calls > 0) expect(result.outcome).not.toBe('not_placed');
			expect(sentElsewhere).toEqual([]);
			const { kind } = cell.fault;
			const wasRepeated = result.code === 'ok' || result.code === 'confirmed';
			if (kind.is === 'busy' && wasRepeated && cell.operation !== 'download') {
				expect(waited).toBeGreaterThanOrEqual(kind.waits);
			}
		},
	);
});

it('docs/evidence/faults.md lists every cell', async () => {
	await expect(documentation()).toMatchFileSnapshot('../../docs/evidence/faults.md');
});
