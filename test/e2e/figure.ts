import { isKept, type Figure } from '../bench/figure';

/** Prints what was measured. A busy machine takes longer, so no test fails by a figure in seconds. */
export function printFigure(figure: Figure): void {
	const { what, value, unit, limit } = figure;
	const most =
		limit === undefined ? '' : `, at most ${limit}: ${isKept(figure) ? 'kept' : 'NOT KEPT'}`;
	console.log(`${what}: ${value.toFixed(2)}${unit && ` ${unit}`}${most}`);
}
