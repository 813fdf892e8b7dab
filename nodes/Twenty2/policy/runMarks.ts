import * as z from 'zod/v4/mini';

import type { Locked } from './storeLock';

/** Items of a tranche at least, and the part of a run that a tranche is otherwise. */
const LEAST_TRANCHE = 20;
const TRANCHES = 10;

/** A run of a node, as far as its marks name it. */
export interface MarkedRun {
	/** Names the node and the execution, the same in every retry of the execution. */
	name: string;
	/** n8n's count of the node's runs. */
	index: number;
	/** How many items the run has. */
	items: number;
	/** Whether an AI agent uses the node. */
	isTool: boolean;
}

/** What an execution knows of its marks. */
export const knownMarks = z.object({
	/** How many it has made, by tranche. */
	made: z.record(z.string(), z.number()),
	/** It met a mark of another try. */
	metOthers: z.boolean(),
});

export type KnownMarks = z.infer<typeof knownMarks>;

const markOf = (run: string, tranche: string, n: number) => `twenty2-run ${run} ${tranche} ${n}`;

/** All marks that an execution has made. @param run names the node and the execution */
export function marksOf(run: string, { made }: KnownMarks): string[] {
	return Object.entries(made).flatMap(([tranche, count]) =>
		Array.from({ length: count }, (_, n) => markOf(run, tranche, n)),
	);
}

/**
 * The marks that one try of an execution leaves in n8n's store before it sends its first create of a
 * tranche. n8n keeps nothing of an execution that is killed or stopped (n8n 2.41), and gives one that
 * stalled to another worker as well (n8n 1.123 in queue mode). A mark that is there already was made by
 * such a try, of which this one knows nothing.
 */
export class RunMarks {
	/** Whether the tranche is this try's, by tranche. */
	private readonly asked = new Map<string, Promise<boolean>>();

	private readonly othersTranches = new Set<string>();

	/**
	 * @param known is written to, and is stored with the execution
	 * @param locked reaches the marks; undefined where there is no store, and then every tranche is this try's
	 */
	constructor(
		private readonly run: MarkedRun,
		private readonly known: KnownMarks,
		private readonly locked: Locked | undefined,
	) {}

	/** The tranche of an item's call. A number is a tranche of a tool, because models repeat tool calls. */
	trancheOf(item: number, toNumber: string): string {
		const { index, items, isTool } = this.run;
		if (isTool) return `tool ${toNumber}`;
		const size = Math.max(LEAST_TRANCHE, Math.ceil(items / TRANCHES));
		return `${index} ${Math.floor(item / size)}`;
	}

	/** Whether it is known that another try may have phoned people of a tranche. */
	isOthers(tranche: string): boolean {
		return this.othersTranches.has(tranche);
	}

	/**
	 * Marks a tranche, once for all its creates. To be called before each of them is sent.
	 * @returns false when another try may have phoned people of the tranche
	 * @throws what the store rejects with; the tranche is then not marked
	 */
	async claim(tranche: string): Promise<boolean> {
		const asked = this.asked.get(tranche) ?? this.record(tranche);
		this.asked.set(tranche, asked);
		return await asked.catch((reason: unknown) => {
			this.asked.delete(tranche);
			throw reason;
		});
	}

	private async record(tranche: string): Promise<boolean> {
		const { run, known, locked } = this;
		if (!locked) return true;
		const count = known.made[tranche] ?? 0;
		const fresh = await locked(
			async (marks) => await marks.record([markOf(run.name, tranche, count)]),
		);
		if (fresh.length > 0) {
			known.made[tranche] = count + 1;
			return true;
		}
		this.othersTranches.add(tranche);
		known.metOthers = true;
		return false;
	}
}
