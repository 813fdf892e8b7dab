import { randomUUID } from 'crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import * as z from 'zod/v4/mini';

import { isJsonObject, jsonObject, type JsonObject } from '../json';
import { acquire } from './abortable';

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

/** Where entries are that a tool's next run may take up, by item, number and id. */
const LEFT = 'left';

/** A run of a node within an execution. */
export interface RunOfNode {
	/** n8n's count of the node's runs. */
	index: number;
	/** What the node and the execution have in common with a retry of them. */
	identity: string;
	/** The execution's own ID, which a retry of it has not. */
	execution: string;
	/** Whether an AI agent uses the node, so that each run is a call of its own. */
	isTool: boolean;
	/** Whether an earlier try may have placed calls of which n8n has kept nothing. */
	forgotten?: boolean;
}

/** How many executions are remembered; a large one takes some megabytes. */
const REMEMBERED = 50;

/** What executions that were stopped or retried have placed, the oldest first. */
const remembered = new Map<string, Runs>();

/**
 * Which calls a node has placed in one execution, so that running it again places only the rest.
 *
 * It lives in n8n's node context, which the engine hands to every try of Retry On Fail and stores
 * with the execution for "Retry execution". But what a retry has placed n8n stores with the retry
 * alone, although the execution itself can be retried again; and of what is stopped in the editor it
 * stores nothing. So this process remembers both. Several runs in one execution (a loop, an AI agent
 * that calls again) mean different calls, so each has entries of its own. An agent's runs have another
 * index when they are repeated, after a run that threw or when the execution is retried: so the next
 * run that is to phone the same person takes such an entry up, once.
 */
export class Ledger {
	private readonly runs: Runs;

	private readonly entries: Entries;

	private earlier: Map<number, Entry[]> | undefined;

	/** @param context n8n's node context, `getContext('node')`; written to */
	constructor(
		context: Record<string, unknown>,
		private readonly run: RunOfNode,
	) {
		const stored = isRuns(context.twenty2Runs) ? context.twenty2Runs : {};
		const known = remembered.get(run.identity);
		// Another retry may be at work on what is remembered, so it is that which both have.
		this.runs = known && known !== stored ? caughtUp(known, stored) : stored;
		if (run.isTool && context.twenty2Execution !== run.execution) {
			for (const [index, entries] of Object.entries(this.runs)) {
				if (index !== LEFT) this.leave(entries);
			}
		}
		this.entries = this.runs[run.index] ??= {};
		Object.assign(context, { twenty2Runs: this.runs, twenty2Execution: run.execution });
	}

	/**
	 * The entry of an item's call, a new one unless this run has it already. Only the item and the
	 * person phoned tell calls apart: whatever else changed since, phoning again would be a second
	 * call to the same person for the same item.
	 */
	entry(item: number, toNumber: string): Entry {
		const key = `${item} ${toNumber}`;
		const known = Object.hasOwn(this.entries, key) ? this.entries[key] : this.left(key);
		const entry: Entry = isEntry(known)
			? known
			: {
					id: randomUUID(),
					attempts: 0,
					// What cannot be read was written because a call was about to be sent.
					state: { is: known === undefined && !this.run.forgotten ? 'unsent' : 'sent' },
				};
		this.entries[key] = entry;
		return entry;
	}

	/** What earlier tries of this run know of an item, whatever number it had then. */
	entriesOf(item: number): Entry[] {
		this.earlier ??= byItem(this.entries);
		return this.earlier.get(item) ?? [];
	}

	/** What the node has come to in this execution, earlier tries of it included. */
	get tally(): Tally {
		const runs = this.run.isTool ? [this.entries] : Object.values(this.runs);
		const entries = runs.flatMap((run) => Object.values(run)).filter(isEntry);
		const states = entries.map(({ state }) => state.is);
		return {
			placed: states.filter((is) => is === 'placed').length,
			doubtful: states.filter((is) => is === 'unknown' || is === 'sent').length,
		};
	}

	/** Remembers what was placed, also what is placed from now on, for whatever is retried next. */
	remember(): void {
		const { identity } = this.run;
		remembered.delete(identity);
		remembered.set(identity, this.runs);
		const [oldest] = remembered.keys();
		if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
	}

	/** The run throws, and its next try may be a run with another index. */
	throws(): void {
		if (this.run.isTool) this.leave(this.entries);
	}

	private leave(entries: Entries): void {
		const left = (this.runs[LEFT] ??= {});
		for (const [key, entry] of Object.entries(entries)) {
			left[`${key} ${isEntry(entry) ? entry.id : ''}`] = entry;
			delete entries[key];
		}
	}

	private left(key: string): unknown {
		const left = this.runs[LEFT] ?? {};
		const found = Object.keys(left).find((name) => name.startsWith(`${key} `));
		if (found === undefined) return undefined;
		const entry = left[found];
		delete left[found];
		return entry;
	}
}

function byItem(entries: Entries): Map<number, Entry[]> {
	const found = new Map<number, Entry[]>();
	for (const [key, entry] of Object.entries(entries)) {
		const item = Number.parseInt(key, 10);
		if (isEntry(entry)) found.set(item, [...(found.get(item) ?? []), entry]);
	}
	return found;
}

/** The context may come from the database, written by another version of this package. */
function isRuns(stored: unknown): stored is Runs {
	return isJsonObject(stored) && Object.values(stored).every(isJsonObject);
}

/**
 * With what is stored, where another process was at it last. Every request that is sent counts, so
 * of two states of an entry the one with more of them is the later. A tool's entry may meanwhile be
 * another run's, and who is at work on one must go on having it, so what is known is kept and changed.
 */
function caughtUp(known: Runs, stored: Runs): Runs {
	const entries = Object.values(known).flatMap((run) => Object.values(run));
	const byId = new Map(entries.filter(isEntry).map((entry) => [entry.id, entry]));
	for (const [run, left] of Object.entries(stored)) {
		const own = (known[run] ??= {});
		for (const [key, entry] of Object.entries(left)) {
			const same = isEntry(entry) && byId.get(entry.id);
			if (!same) own[key] = later(own[key], entry);
			else if (entry.attempts > same.attempts) Object.assign(same, entry);
		}
	}
	return known;
}

const later = (one: unknown, other: unknown) => (attemptsOf(other) > attemptsOf(one) ? other : one);

function attemptsOf(entry: unknown): number {
	return isEntry(entry) ? entry.attempts : -1;
}

function isEntry(stored: unknown): stored is Entry {
	return entrySchema.safeParse(stored).success;
}

const turns = new WeakMap<Entry, LimitFunction>();

/**
 * Waits until no other run is placing the call of an entry. "Retry execution" can be clicked twice, and
 * both retries have the same entries.
 * @param signal ends the waiting
 * @returns lets the next run go, which finds the outcome in the entry
 * @throws the signal's reason
 */
export async function turnAt(entry: Entry, signal: AbortSignal): Promise<() => void> {
	const turn = turns.get(entry) ?? pLimit(1);
	turns.set(entry, turn);
	return await acquire(turn, signal);
}
