/** Of an even number of values the lower one in the middle, so that it is always one measured. */
export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted[Math.floor((sorted.length - 1) / 2)];
	if (middle === undefined) throw new Error('There is no median of nothing');
	return middle;
}
