import { randomUUID } from 'crypto';
import * as z from 'zod/v4/mini';

import { isJsonObject, jsonObject, type JsonObject } from '../json';

const entrySchema = z.object({
	/** Sent as the idempotency key with every attempt. */
	id: z.string(),
	/** Requests sent for this entry, over all runs. */
	attempts: z.number(),
	state: z.union([
		z.object({ is: z.literal('unsent') }),
		/** Sent, and nothing known of it: still so on a re-run when the process ended in between. */
		z.object({ is: z.literal('sent') }),
		z.object({ is: z.literal('placed'), answer: jsonObject }),
		z.object({ is: z.literal('not placed') }),
		z.object({ is: z.literal('unknown'), why: jsonObject }),
	]),
});

/** What is known of one call that this execution meant to place. */
export type Entry = z.infer<typeof entrySchema>;

/** Of one run, by item and number. */
type Entries = JsonObject;

/** By run index. */
type Runs = Record<string, Entries>;

/** How many stopped executions are remembered; a large one takes some megabytes. */
const REMEMBERED = 50;

/** What the executions stopped last had placed, the oldest first. */
const stopped = new Map<string, Runs>();

/**
 * Which calls a node has placed in one execution, so that running it again places only the rest.
 *
 * It lives in n8n's node context, which the engine hands to every try of Retry On Fail and stores
 * with the execution for "Retry execution". Only after Stop in the editor n8n keeps nothing and
 * starts over, from the first node, so then this process remembers. Several runs in one execution
 * (a loop, an AI agent that calls again) mean different calls, so each has entries of its own.
 */
export class Ledger {
	private readonly runs: Runs;

	private readonly entries: Entries;

	/**
	 * @param context n8n's node context, `getContext('node')`; written to
	 * @param runIndex n8n's index of this run of the node within the execution
	 * @param identity what the node and the execution have in common with a retry of them
	 */
	constructor(
		context: Record<string, unknown>,
		runIndex: number,
		private readonly identity: string,
	) {
		const stored = context.twenty2Runs;
		this.runs = isRuns(stored) ? stored : (stopped.get(identity) ?? {});
		this.entries = this.runs[runIndex] ??= {};
		context.twenty2Runs = this.runs;
	}

	/**
	 * The entry of an item's call, a new one unless this run has it already. Only the item and the
	 * person phoned tell calls apart: whatever else changed since, phoning again would be a second
	 * call to the same person for the same item.
	 */
	entry(item: number, toNumber: string): Entry {
		const key = `${item} ${toNumber}`;
		const known = this.entries[key];
		if (known !== undefined && isEntry(known)) return known;

		const entry: Entry = {
			id: randomUUID(),
			attempts: 0,
			// What cannot be read was written because a call was about to be sent.
			state: { is: known === undefined ? 'unsent' : 'sent' },
		};
		this.entries[key] = entry;
		return entry;
	}

	/** Remembers what was placed, also what is answered from now on, for a retry after Stop. */
	rememberStopped(): void {
		const nothing = Object.values(this.runs).every((run) => Object.keys(run).length === 0);
		if (nothing) return;

		stopped.delete(this.identity);
		stopped.set(this.identity, this.runs);
		const [oldest] = stopped.keys();
		if (stopped.size > REMEMBERED && oldest !== undefined) stopped.delete(oldest);
	}
}

/** The context may come from the database, written by another version of this package. */
function isRuns(stored: unknown): stored is Runs {
	return isJsonObject(stored) && Object.values(stored).every(isJsonObject);
}

function isEntry(stored: unknown): stored is Entry {
	return entrySchema.safeParse(stored).success;
}
