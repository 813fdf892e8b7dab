import { randomUUID } from 'crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import * as z from 'zod/v4/mini';

import { isJsonObject, jsonObject, type JsonObject } from '../json';
import { acquire } from './abortable';
import { CallLimit } from './callLimit';

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

/** Entries by item and number; those of a tool by number alone. */
type Entries = JsonObject;

/** The entries of all runs, by run index. Those of a tool are together. */
type Runs = Record<string, Entries>;

/** Where a tool's entries are. */
const TOOL = 'tool';

/** A run of a node within an execution. */
export interface RunOfNode {
	/** n8n's count of the node's runs. */
	index: number;
	/** Whether an AI agent uses the node. */
	isTool: boolean;
	/** Whether an earlier try may have placed calls of which n8n has kept nothing. */
	forgotten?: boolean;
}

/**
 * Which calls a node has placed in one execution. Running the node again places only the rest.
 *
 * The entries are in n8n's node context. The engine gives it to every try of Retry On Fail and stores it
 * with the execution for "Retry execution".
 *
 * Several runs in one execution (a loop) mean different calls, so each has its own entries. They are found
 * by the run index, which n8n keeps when it repeats a run. The runs of an AI agent's tool have their entries
 * together, one for each number: models repeat tool calls, and nobody is to be phoned again by that.
 */
export class Ledger {
	private readonly runs: Runs;

	/** Of this run. */
	private readonly entries: Entries;

	/** Of the execution. */
	readonly callLimit: CallLimit;

	/** The entries by item: those that were asked for and, but for a tool, those of earlier tries. */
	private readonly byItem = new Map<number, Entry[]>();

	/** @param context n8n's node context; written to */
	constructor(
		context: JsonObject,
		private readonly run: RunOfNode,
	) {
		const { twenty2Runs } = context;
		// The object itself, which other runs of this execution may be writing to.
		this.runs = isRuns(twenty2Runs) ? twenty2Runs : {};
		Object.assign(context, { twenty2Runs: this.runs });
		this.callLimit = callLimits.get(this.runs) ?? new CallLimit();
		callLimits.set(this.runs, this.callLimit);
		this.entries = this.runs[run.isTool ? TOOL : run.index] ??= {};
		if (run.isTool) return;
		for (const [key, entry] of Object.entries(this.entries)) {
			if (isEntry(entry)) this.note(Number.parseInt(key, 10), entry);
		}
	}

	/**
	 * The entry of an item's call. It is a new one unless this run or an earlier try of it has one. Only
	 * the item and the number tell calls apart: if anything else changed since, phoning again would still
	 * be a second call to the same person for the same item.
	 */
	entry(item: number, toNumber: string): Entry {
		const key = this.isTool ? toNumber : `${item} ${toNumber}`;
		const known = Object.hasOwn(this.entries, key) ? this.entries[key] : undefined;
		const entry: Entry = isEntry(known)
			? known
			: {
					id: randomUUID(),
					attempts: 0,
					// An entry that cannot be read was written, so its call may have been sent.
					state: { is: known === undefined && !this.run.forgotten ? 'unsent' : 'sent' },
				};
		this.entries[key] = entry;
		this.note(item, entry);
		return entry;
	}

	/** The entries that this run has for an item, for any number. Earlier tries count too. */
	entriesOf(item: number): Entry[] {
		return this.byItem.get(item) ?? [];
	}

	/** Whether an AI agent uses the node. */
	get isTool(): boolean {
		return this.run.isTool;
	}

	/** The calls of the node in this execution, of a tool those of this run. Earlier tries count too. */
	get tally(): Tally {
		const all = Object.values(this.runs).flatMap((run) => Object.values(run).filter(isEntry));
		const states = (this.isTool ? this.ownEntries : all).map(({ state }) => state.is);
		return {
			placed: states.filter((is) => is === 'placed').length,
			doubtful: states.filter((is) => is === 'unknown' || is === 'sent').length,
		};
	}

	/**
	 * How many calls of the execution were placed, or may have been. Earlier tries count too.
	 * @param most ends the counting
	 * @param counts whether an entry counts
	 */
	countPlaced(most: number, counts: (entry: Entry) => boolean): number {
		let placed = 0;
		for (const run of Object.values(this.runs)) {
			for (const entry of Object.values(run)) {
				if (placed === most) return placed;
				if (isEntry(entry) && !certainlyNotPlaced(entry) && counts(entry)) placed++;
			}
		}
		return placed;
	}

	/** The IDs of the calls of this run that were placed. Earlier tries count too. */
	get callIds(): string[] {
		const answers = this.ownEntries.map(({ state }) => state.is === 'placed' && state.answer);
		return answers.flatMap((answer) => withCallId.safeParse(answer).data?.call_id ?? []);
	}

	/** When the calls of this run were placed that are not known to have ended, in milliseconds since 1970. */
	get placedAt(): number[] {
		return this.ownEntries.flatMap(({ state }) =>
			state.is === 'placed' && !state.ended && state.at !== undefined ? [state.at] : [],
		);
	}

	private get ownEntries(): Entry[] {
		return [...new Set([...this.byItem.values()].flat())];
	}

	private note(item: number, entry: Entry): void {
		const entries = this.byItem.get(item) ?? [];
		if (!entries.includes(entry)) this.byItem.set(item, [...entries, entry]);
	}
}

/** Whether the person was certainly not phoned for this entry. */
export function certainlyNotPlaced({ state }: Entry): boolean {
	return state.is === 'unsent' || state.is === 'not placed';
}

/** By the runs of an execution. */
const callLimits = new WeakMap<Runs, CallLimit>();

/** Checks what n8n stored, which another version of this package may have written. */
function isRuns(stored: unknown): stored is Runs {
	return isJsonObject(stored) && Object.values(stored).every(isJsonObject);
}

function isEntry(stored: unknown): stored is Entry {
	return entrySchema.safeParse(stored).success;
}

const turns = new WeakMap<Entry, LimitFunction>();

/**
 * Waits until no other run is placing the call of an entry. An AI agent may call its tool twice at once for
 * the same number.
 * @param signal ends the wait
 * @returns gives the turn to the next run, which finds the outcome in the entry
 * @throws the signal's reason
 */
export async function turnAt(entry: Entry, signal: AbortSignal): Promise<() => void> {
	const turn = turns.get(entry) ?? pLimit(1);
	turns.set(entry, turn);
	return await acquire(turn, signal);
}
