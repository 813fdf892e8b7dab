import { randomUUID } from 'crypto';
import * as z from 'zod/v4/mini';

import { isJsonObject, jsonObject, type JsonObject } from '../json';

const entrySchema = z.object({
	/** Sent as the idempotency key with every attempt. */
	id: z.string(),
	/** Requests sent for this entry, over all runs. */
	attempts: z.number(),
	/** The deduplication key that was recorded for it last. */
	key: z.optional(z.string()),
	/** Twenty2 lists calls of which one may be it, so placing it again would surely be one too many. */
	ambiguous: z.optional(z.boolean()),
	state: z.union([
		z.object({ is: z.literal('unsent') }),
		/** Sent, and nothing known of it: still so on a re-run when the process ended in between. */
		z.object({ is: z.literal('sent') }),
		z.object({
			is: z.literal('placed'),
			answer: jsonObject,
			/** When, in milliseconds since 1970. */
			at: z.optional(z.number()),
			/** What became of it, once it has been waited for: Twenty2's answer to a read. */
			ended: z.optional(jsonObject),
		}),
		z.object({ is: z.literal('not placed') }),
		z.object({ is: z.literal('unknown'), why: jsonObject }),
	]),
});

/** What is known of one call that this execution meant to place. */
export type Entry = z.infer<typeof entrySchema>;

/** How many calls of a run were placed, and of how many that is not known. */
export interface Tally {
	placed: number;
	doubtful: number;
}

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
 * with the execution for "Retry execution". Only of what is stopped in the editor n8n keeps
 * nothing and goes back to what it began with, so then this process remembers. Several runs in one
 * execution (a loop, an AI agent that calls again) mean different calls, so each has entries of its own.
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
		const remembered = stopped.get(identity) ?? {};
		this.runs = isRuns(stored) ? caughtUp(stored, remembered) : remembered;
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

	/** What this run has come to, earlier tries of it included. */
	get tally(): Tally {
		const states = Object.values(this.entries).map((entry) => isEntry(entry) && entry.state.is);
		return {
			placed: states.filter((is) => is === 'placed').length,
			doubtful: states.filter((is) => is === 'unknown' || is === 'sent').length,
		};
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

/**
 * With what a stopped try has done, where n8n keeps only what an earlier try had left. Every request
 * that is sent counts, so of two states of an entry the one with more of them is the later.
 */
function caughtUp(stored: Runs, remembered: Runs): Runs {
	for (const [run, entries] of Object.entries(remembered)) {
		const own = (stored[run] ??= {});
		for (const [key, entry] of Object.entries(entries)) {
			if (attemptsOf(entry) > attemptsOf(own[key])) own[key] = entry;
		}
	}
	return stored;
}

function attemptsOf(entry: unknown): number {
	return isEntry(entry) ? entry.attempts : -1;
}

function isEntry(stored: unknown): stored is Entry {
	return entrySchema.safeParse(stored).success;
}
