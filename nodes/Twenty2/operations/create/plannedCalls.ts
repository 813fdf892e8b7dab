import type { Next } from './callingHours';

/** An item that asks for a call under a key. */
interface Holder {
	item: number;
	toNumber: string;
}

/** What would become of a call that is placed now. */
export type Prospect = { /** In words. */ result: string } & (
	| { is: 'rings now' }
	/** Twenty2 keeps the call until then, in ISO 8601. */
	| { is: 'rings later'; at: string }
	/** Its Calling Hours begin then. */
	| { is: 'outside hours'; next: Next }
	| { is: 'same key'; item: number }
	| { is: 'beyond limit' }
);

/** What has become of an item. */
export interface Fates {
	/** Its person was phoned. */
	isPlaced(item: number): boolean;
	/** Its person was not phoned, because a call was placed under its key before. */
	isDuplicate(item: number): boolean;
}

/** The calls that the items of one run ask for: whom each deduplication key is for, and what a dry run finds. */
export class PlannedCalls {
	/** What would become of each item of a dry run that can be called. */
	readonly prospects = new Map<number, Prospect>();

	private readonly holders = new Map<string, Holder[]>();

	/** How many calls would be placed. */
	private placed = 0;

	/** Whether one more call is within the limit of an execution. */
	hasRoom(most = Number.POSITIVE_INFINITY): boolean {
		return this.placed < most;
	}

	/** Notes what would become of an item. */
	plan(item: number, prospect: Prospect): void {
		this.prospects.set(item, prospect);
		if (prospect.is === 'rings now' || prospect.is === 'rings later') this.placed++;
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
