import { billOf, hasEnded } from '../../api/responses';
import type { JsonObject } from '../../json';

/** How many looks in a row must agree before an undocumented status counts as the end of a call. */
const AGREEING_LOOKS = 3;

/** The least time from the first of them to the last: within it, the duration of a live call grows. */
const AGREEING_MS = 5_000;

/** The looks at a call that agree. */
interface Agreement {
	bill: string;
	looks: number;
	/** When the first of them was. */
	since: number;
}

/** Tells of the calls that are looked at which of them are over. */
export class CallEnds {
	private readonly agreements = new Map<string, Agreement>();

	/**
	 * Takes one more look at a call into account. A status that nobody documents counts as its end once
	 * several looks found it with the same duration and cost.
	 * @param call what the look found, under the public names
	 * @returns whether the call is over
	 */
	isOver(callId: string, call: JsonObject): boolean {
		if (hasEnded(call)) return true;
		const bill = billOf(call);
		if (bill === undefined) {
			this.agreements.delete(callId);
			return false;
		}
		const now = performance.now();
		const before = this.agreements.get(callId);
		const { looks, since } = before?.bill === bill ? before : { looks: 0, since: now };
		this.agreements.set(callId, { bill, looks: looks + 1, since });
		return looks + 1 >= AGREEING_LOOKS && now - since >= AGREEING_MS;
	}
}
