import { isKept, type Figure } from './figure';

export interface Row extends Figure {
	bench: string;
}

const headings = ['bench', 'what', 'value', 'unit', 'limit', ''];
const numeric = new Set([2, 4]);

/** The rows in columns, for people. What others reach has a column each, after the verdict. */
export function table(rows: Row[]): string {
	const others = [...new Set(rows.flatMap((row) => Object.keys(row.others ?? {})))];
	const lines = [[...headings, ...others], ...rows.map((row) => cellsOf(row, others))];
	const widths = (lines[0] ?? []).map((_, column) =>
		Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
	);
	const aligned = (cell: string, column: number) => {
		const width = widths[column] ?? 0;
		const toTheRight = numeric.has(column) || column >= headings.length;
		return toTheRight ? cell.padStart(width) : cell.padEnd(width);
	};
	return lines.map((cells) => cells.map(aligned).join('  ').trimEnd()).join('\n');
}

function cellsOf(row: Row, others: string[]): string[] {
	const { bench, what, value, unit } = row;
	const theirs = others.map((name) => {
		const reached = row.others?.[name];
		return reached === undefined ? '' : rounded(reached);
	});
	return [bench, what, rounded(value), unit, bounds(row), verdict(isKept(row)), ...theirs];
}

function bounds({ limit, least }: Row): string {
	const most = limit === undefined ? [] : [`≤ ${rounded(limit)}`];
	return [...(least === undefined ? [] : [`≥ ${rounded(least)}`]), ...most].join(', ');
}

function rounded(value: number): string {
	return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 3 : 1 });
}

function verdict(kept: boolean | undefined): string {
	if (kept === undefined) return '';
	return kept ? 'kept' : 'NOT KEPT';
}
