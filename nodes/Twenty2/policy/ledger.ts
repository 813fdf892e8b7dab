import { randomUUID } from 'crypto';
import * as z from 'zod/v4/mini';

const json = z.record(z.string(), z.unknown());

const entrySchema = z.object({
	/** Sent as the idempotency key with every attempt. */
	id: z.string(),
	/** Requests sent for this entry, over all runs. */
	attempts: z.number(),
	state: z.union([
		z.object({ is: z.literal('unsent') }),
		/** Sent, and nothing known of it: still so on a re-run when the process ended in between. */
		z.object({ is: z.literal('sent') }),
		z.object({ is: z.literal('placed'), answer: json }),
		z.object({ is: z.literal('not placed') }),
		z.object({ is: z.literal('unknown'), why: json }),
	]),
});

const runSchema = z.object({
	/** False while the run is under way, and for good when it threw or was stopped. */
	returned: z.boolean(),
	entries: z.record(z.string(), entrySchema),
});

const runsSchema = z.record(z.string(), runSchema);

/** What is known of one call that this execution meant to place. */
export type Entry = z.infer<typeof entrySchema>;

type Run = z.infer<typeof runSchema>;

type Runs = z.infer<typeof runsSchema>;

/** The runs under way in this process, unlike those that an ended execution left behind. */
const underWay = new WeakSet<Run>();

/**
 * Which calls one run of a node has placed, so that running it again places only the rest.
 *
 * It lives in n8n's node context, which the engine hands to every try of Retry On Fail and stores
 * with the execution for "Retry execution". Several runs in one execution (a loop, an AI agent that
 * calls again) mean different calls, so each has entries of its own under n8n's run index. A run
 * that did not come to its end is the one being run again even where n8n numbers it anew, as it
 * may after Stop.
 */
export class Ledger {
	private constructor(private readonly run: Run) {
		underWay.add(run);
	}

	/**
	 * @param context n8n's node context, `getContext('node')`; written to
	 * @param runIndex n8n's index of this run of the node within the execution
	 */
	static open(context: Record<string, unknown>, runIndex: number): Ledger {
		const runs = isRuns(context.twenty2Runs) ? context.twenty2Runs : {};
		const ended = Object.entries(runs).filter(([, run]) => !underWay.has(run));
		const broken = ended.find(([, run]) => !run.returned)?.[1];
		const run = runs[runIndex] ?? broken ?? { returned: false, entries: {} };

		// Runs before this one can not be run again.
		for (const [index] of ended) delete runs[index];
		run.returned = false;
		runs[runIndex] = run;
		context.twenty2Runs = runs;
		return new Ledger(run);
	}

	/**
	 * The entry of an item's call, a new one unless this run has it already. Only the item and the
	 * person phoned tell calls apart: whatever else changed since, phoning again would be a second
	 * call to the same person for the same item.
	 */
	entry(item: number, toNumber: string): Entry {
		const key = `${item} ${toNumber}`;
		const entry = this.run.entries[key] ?? {
			id: randomUUID(),
			attempts: 0,
			state: { is: 'unsent' },
		};
		this.run.entries[key] = entry;
		return entry;
	}

	/** The run is over, with or without results. */
	close(): void {
		underWay.delete(this.run);
	}

	/** The run's results go back to n8n, so it will be run again under the same index or never. */
	returned(): void {
		this.run.returned = true;
	}
}

/** The context may come from the database, written by another version of this package. */
function isRuns(stored: unknown): stored is Runs {
	return runsSchema.safeParse(stored).success;
}
