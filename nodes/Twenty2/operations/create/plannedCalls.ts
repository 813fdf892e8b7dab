/** An item that asks for a call under a key. */
interface Holder {
	item: number;
	toNumber: string;
}

/** What has become of an item. */
export interface Fates {
	/** Its person was phoned. */
	isPlaced(item: number): boolean;
	/** Its person was not phoned, because a call was placed under its key before. */
	isDuplicate(item: number): boolean;
}

/** The calls that the items of one run ask for: whom each deduplication key is for, and how many a dry run counts. */
export class PlannedCalls {
	private readonly holders = new Map<string, Holder[]>();

	private counted = 0;

	/** Counts one more call of a dry run. @returns false where that would exceed the limit */
	count(most = Number.POSITIVE_INFINITY): boolean {
		if (this.counted >= most) return false;
		this.counted++;
		return true;
	}

	/** Notes an item that is fit to be called. @returns the first item noted with the same key */
	note(key: string, item: number, toNumber: string): number | undefined {
		const holders = this.holders.get(key) ?? [];
		this.holders.set(key, holders);
		holders.push({ item, toNumber });
		const [first] = holders;
		return first?.item === item ? undefined : first?.item;
	}

	/** How many people were not phoned because an item of the run with another number had their key. */
	leftOut({ isPlaced, isDuplicate }: Fates): number {
		const numbers = (holders: Holder[], is: (item: number) => boolean) =>
			holders.filter(({ item }) => is(item)).map(({ toNumber }) => toNumber);
		const groups = [...this.holders.values()];
		const phoned = new Set(groups.flatMap((holders) => numbers(holders, isPlaced)));
		const leftOut = groups
			.filter((holders) => holders.some(({ item }) => isPlaced(item)))
			.flatMap((holders) => numbers(holders, isDuplicate));
		return new Set(leftOut.filter((number) => !phoned.has(number))).size;
	}
}
