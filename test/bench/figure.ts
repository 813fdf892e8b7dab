/** One line of the table. */
export interface Figure {
	what: string;
	value: number;
	/** Empty where the value is a ratio. */
	unit: string;
	/** The most that the value may be. */
	limit?: number;
	/** The least that the value may be. */
	least?: number;
	/** What others reach, by their names. It need not keep the bounds. */
	others?: Record<string, number>;
}

export interface Bench {
	/** How it is called on the command line. */
	name: string;
	title: string;
	measure(): Promise<Figure[]>;
}

/** Undefined where there is no bound to keep. */
export function isKept({ value, limit, least }: Figure): boolean | undefined {
	if (limit === undefined && least === undefined) return undefined;
	return (
		value <= (limit ?? Number.POSITIVE_INFINITY) && value >= (least ?? Number.NEGATIVE_INFINITY)
	);
}
