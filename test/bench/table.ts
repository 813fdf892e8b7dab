import { isKept, type Figure } from './figure';

export interface Row extends Figure {
	bench: string;
}

const headings = ['bench', 'what', 'value', 'unit', 'limit', ''];
const numeric = [2, 4];

/** The rows in columns, for people. */
export function table(rows: Row[]): string {
	const lines = [headings, ...rows.map(cellsOf)];
	const widths = headings.map((_, column) =>
		Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
	);
	const aligned = (cell: string, column: number) => {
		const width = widths[column] ?? 0;
		return numeric.includes(column) ? cell.padStart(width) : cell.padEnd(width);
	};
	return lines.map((cells) => cells.map(aligned).join('  ').trimEnd()).join('\n');
}

function cellsOf(row: Row): string[] {
	const { bench, what, value, unit, limit } = row;
	const most = limit === undefined ? '' : `≤ ${rounded(limit)}`;
	return [bench, what, rounded(value), unit, most, verdict(isKept(row))];
}

function rounded(value: number): string {
	return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 3 : 1 });
}

function verdict(kept: boolean | undefined): string {
	if (kept === undefined) return '';
	return kept ? 'kept' : 'NOT KEPT';
}
