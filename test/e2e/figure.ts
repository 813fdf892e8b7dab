/* eslint-disable no-console -- never part of the package */
import { expect, type ExpectStatic } from 'vitest';

import type { Figure } from '../bench/figure';

/**
 * Prints a measurement. Above its limit the test fails, at its end, so that all figures are printed. A
 * duration depends on the machine's load. So a limit lies where only a build without the feature gets, and
 * not near what a quiet machine needs, which `npm run bench` measures.
 * @param check of a test that runs beside others, its own `expect`
 */
export function printFigure(
	{ what, value, unit, limit }: Omit<Figure, 'least' | 'others'>,
	check: ExpectStatic = expect,
): void {
	const bound = limit === undefined ? '' : `, at most ${limit}`;
	console.log(`${what}: ${value.toFixed(2)}${unit && ` ${unit}`}${bound}`);
	if (limit !== undefined) check.soft(value, what).toBeLessThanOrEqual(limit);
}
