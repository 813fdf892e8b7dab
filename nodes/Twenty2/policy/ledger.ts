import { randomUUID } from 'crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import * as z from 'zod/v4/mini';

import { isJsonObject, jsonObject, type JsonObject } from '../json';
import { acquire } from './abortable';

/** Which entries of a tool an execution has taken up. */
const takenSchema = z.object({
	execution: z.string(),
	ids: z.record(z.string(), z.literal(true)),
});

const entrySchema = z.object({
	/** Tells entries apart, and is the idempotency key until there is another one. */
	id: z.string(),
	/**
	 * Sent with every attempt since the last one that was definitely refused. The body may have changed
	 * after that, and a key stands for one body.
	 */
	idempotencyKey: z.optional(z.string()),
	/** Requests sent for this entry, over all runs. */
	attempts: z.number(),
	/** The deduplication key that is recorded for it. */
	key: z.optional(z.string()),
	/** Twenty2 lists a call that may be this one, so it must not be placed again. */
	ambiguous: z.optional(z.boolean()),
	state: z.union([
		z.object({ is: z.literal('unsent') }),
		/** Sent, without an outcome yet. A retry finds this when the process ended in between. */
		z.object({ is: z.literal('sent') }),
		z.object({
			is: z.literal('placed'),
			answer: jsonObject,
			/** When it was placed, in milliseconds since 1970. */
			at: z.optional(z.number()),
			/** Twenty2's answer to the read that found the call ended. */
			ended: z.optional(jsonObject),
		}),
		z.object({ is: z.literal('not placed') }),
		z.object({ is: z.literal('unknown'), why: jsonObject }),
	]),
});

const withCallId = z.object({ call_id: z.string() });

/** What is known of one call of this execution. */
export type Entry = z.infer<typeof entrySchema>;

/** How many calls were placed, and how many may have been placed. */
export interface Tally {
	placed: number;
	doubtful: number;
}

/** Entries by item and number. Of a tool's calls, there may be several for both, so their id is added. */
type Entries = JsonObject;

/** The entries of all runs, by run index. Those of a tool are together. */
type Runs = Record<string, Entries>;

/** Where a tool's entries are. */
const TOOL = 'tool';

/** A run of a node within an execution. */
export interface RunOfNode {
	/** n8n's count of the node's runs. */
	index: number;
	/** Names the node and the execution, and is the same in every retry of the execution. */
	identity: string;
	/** The ID of the execution. A retry has another one. */
	execution: string;
	/** Whether an AI agent uses the node. Each run is then a call of its own. */
	isTool: boolean;
	/** Whether an earlier try may have placed calls of which n8n has kept nothing. */
	forgotten?: boolean;
}

/** How many executions are remembered. A large one takes some megabytes. */
const REMEMBERED = 50;

/** The runs of executions that were stopped or retried, by identity, the oldest first. */
const remembered = new Map<string, Runs>();

/**
 * Which calls a node has placed in one execution. Running the node again places only the rest.
 *
 * The entries are in n8n's node context. The engine gives it to every try of Retry On Fail and stores it
 * with the execution for "Retry execution". n8n stores two things elsewhere or not at all: what a retry
 * has placed is stored with the retry alone, although the execution itself can be retried again, and
 * nothing is stored of an execution that is stopped in the editor. This process remembers both.
 *
 * Several runs in one execution (a loop) mean different calls, so each has its own entries. They are found
 * by the run index, which n8n keeps when it repeats a run. For a tool of an AI agent it does not: a repeated
 * run has another index, and agents before version 3 give one index to calls for several of their items.
 * So all runs of a tool have their entries together, and each execution takes up each of them once: the first
 * call for an item and a number the first entry for both, the next call the next one. A run that fails gives
 * its entries back, for the run that repeats it.
 */
export class Ledger {
	private readonly runs: Runs;

	/** Of this run. */
	private readonly entries: Entries;

	/** The ids of the tool's entries that this execution has taken up. */
	private readonly taken: Record<string, true>;

	/** The entries of this run by item, once they are asked for. */
	private byItem: Map<number, Entry[]> | undefined;

	/** @param context n8n's node context, `getContext('node')`. It is written to. */
	constructor(
		context: Record<string, unknown>,
		private readonly run: RunOfNode,
	) {
		const stored = isRuns(context.twenty2Runs) ? context.twenty2Runs : {};
		const known = remembered.get(run.identity);
		// Another retry may be under way. Both then share the remembered entries.
		this.runs = known && known !== stored ? caughtUp(known, stored) : stored;
		const before = context.twenty2Taken;
		// The object itself, which other runs of this execution may be writing to.
		this.taken = isTaken(before) && before.execution === run.execution ? before.ids : {};
		this.entries = run.isTool ? {} : (this.runs[run.index] ??= {});
		const twenty2Taken = { execution: run.execution, ids: this.taken };
		Object.assign(context, { twenty2Runs: this.runs, ...(run.isTool && { twenty2Taken }) });
	}

	/**
	 * The entry of an item's call. It is a new one unless this run or an earlier try of it has one. Only
	 * the item and the number tell calls apart: if anything else changed since, phoning again would still
	 * be a second call to the same person for the same item.
	 */
	entry(item: number, toNumber: string): Entry {
		const key = `${item} ${toNumber}`;
		const known = Object.hasOwn(this.entries, key) ? this.entries[key] : this.earlier(key);
		const entry: Entry = isEntry(known)
			? known
			: {
					id: randomUUID(),
					attempts: 0,
					// An entry that cannot be read was written, so its call may have been sent.
					state: { is: known === undefined && !this.run.forgotten ? 'unsent' : 'sent' },
				};
		this.entries[key] = entry;
		if (this.run.isTool) {
			(this.runs[TOOL] ??= {})[`${key} ${entry.id}`] = entry;
			this.taken[entry.id] = true;
		}
		if (this.byItem && !this.byItem.get(item)?.includes(entry)) addTo(this.byItem, item, entry);
		return entry;
	}

	/** The entries that earlier tries of this run have for an item, for any number. */
	entriesOf(item: number): Entry[] {
		this.byItem ??= byItem(this.entries);
		return this.byItem.get(item) ?? [];
	}

	/** The calls of the node in this execution, of a tool those of this run. Earlier tries count too. */
	get tally(): Tally {
		const runs = this.run.isTool ? [this.entries] : Object.values(this.runs);
		const entries = runs.flatMap((run) => Object.values(run)).filter(isEntry);
		const states = entries.map(({ state }) => state.is);
		return {
			placed: states.filter((is) => is === 'placed').length,
			doubtful: states.filter((is) => is === 'unknown' || is === 'sent').length,
		};
	}

	/** The IDs of the calls of this run that were placed. Earlier tries count too. */
	get callIds(): string[] {
		const entries = Object.values(this.entries).filter(isEntry);
		const answers = entries.map(({ state }) => state.is === 'placed' && state.answer);
		return answers.flatMap((answer) => withCallId.safeParse(answer).data?.call_id ?? []);
	}

	/** Remembers the entries for the next retry, with what is written to them from now on. */
	remember(): void {
		const { identity } = this.run;
		remembered.delete(identity);
		remembered.set(identity, this.runs);
		const [oldest] = remembered.keys();
		if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
	}

	/** The run has failed, and n8n may repeat it. To be called when the run has ended. */
	failed(): void {
		for (const entry of Object.values(this.entries).filter(isEntry)) delete this.taken[entry.id];
	}

	/** A tool's entry that this execution has not taken up yet. */
	private earlier(key: string): unknown {
		if (!this.run.isTool) return undefined;
		const entries = Object.entries(this.runs[TOOL] ?? {});
		return entries.find(
			([name, entry]) => name.startsWith(`${key} `) && !(isEntry(entry) && this.taken[entry.id]),
		)?.[1];
	}
}

function byItem(entries: Entries): Map<number, Entry[]> {
	const found = new Map<number, Entry[]>();
	for (const [key, entry] of Object.entries(entries)) {
		const item = Number.parseInt(key, 10);
		if (isEntry(entry)) addTo(found, item, entry);
	}
	return found;
}

function addTo(byItem: Map<number, Entry[]>, item: number, entry: Entry): void {
	const entries = byItem.get(item) ?? [];
	entries.push(entry);
	byItem.set(item, entries);
}

/** Checks what n8n stored, which another version of this package may have written. */
function isRuns(stored: unknown): stored is Runs {
	return isJsonObject(stored) && Object.values(stored).every(isJsonObject);
}

/**
 * Adds stored entries to the remembered ones, where another process has written since. Each request that is
 * sent counts, so of two states of an entry the one with more requests is the later. A run that is under way
 * keeps its entry, so known entries are changed in place.
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

function isTaken(stored: unknown): stored is z.infer<typeof takenSchema> {
	return takenSchema.safeParse(stored).success;
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
 * @param signal ends the wait
 * @returns gives the turn to the next run, which finds the outcome in the entry
 * @throws the signal's reason
 */
export async function turnAt(entry: Entry, signal: AbortSignal): Promise<() => void> {
	const turn = turns.get(entry) ?? pLimit(1);
	turns.set(entry, turn);
	return await acquire(turn, signal);
}
