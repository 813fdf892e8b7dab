/* eslint-disable no-console -- never part of the package */
import { isKept, type Figure } from '../bench/figure';

/** Prints a measurement. No test fails because of a duration: it depends on the machine's load. */
export function printFigure(figure: Figure): void {
	const { what, value, unit, limit } = figure;
	const verdict =
		limit === undefined ? '' : `, at most ${limit}: ${isKept(figure) ? 'kept' : 'NOT KEPT'}`;
	console.log(`${what}: ${value.toFixed(2)}${unit && ` ${unit}`}${verdict}`);
}
