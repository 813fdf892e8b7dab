/** One line of the table. */
export interface Figure {
	what: string;
	value: number;
	/** Empty where the value is a ratio. */
	unit: string;
	/** The most that the value may be. */
	limit?: number;
}

export interface Bench {
	/** How it is called on the command line. */
	name: string;
	title: string;
	measure(): Promise<Figure[]>;
}

/** Undefined where there is no limit to keep. */
export const isKept = ({ value, limit }: Figure): boolean | undefined =>
	limit === undefined ? undefined : value <= limit;
