import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import { Failure, toFailure } from '../api/failure';
import type { Connection } from '../connection/connect';
import { earlierOutcome } from '../operations/create/placeCall';
import { Parameters } from '../operations/fields/parameters';
import type { Operation, Output, Run, Task } from '../operations/operation';
import type { Entry } from '../policy/ledger';

/** One item, read and checked. */
export interface CheckedItem {
	/** Carries it out, or is the failure of its check. */
	task: Task | Failure;
	/** It sends nothing and records nothing. */
	isDryRun: boolean;
}

/** The result of an item: its outputs, its failure, or undefined when the run ended before it. */
export type Result = Output[] | Failure | undefined;

export interface Results {
	/** In input order. */
	results: Result[];
	/** The failure that ended the run early. */
	stoppedBy?: { failure: Failure; item: number };
}

export interface CarryOutOptions {
	/** What all items share. */
	run: Omit<Run, 'signal' | 'canceled'>;
	/** How many items are carried out at a time. */
	concurrency: number;
	/** Start no item after one has failed, and none at all when the check of one has failed. */
	stopAtFailure: boolean;
	/** Fires when the execution is stopped. */
	canceled: AbortSignal;
}

/**
 * Reads and checks every item; nothing is sent.
 * @param connection a Failure is the failure of every item
 * @param dryConnection what a dry run has in place of it
 */
export function checkItems(
	n8n: IExecuteFunctions,
	operation: Operation,
	connection: Connection | Failure,
	dryConnection: Connection,
): CheckedItem[] {
	return n8n.getInputData().map((_, item) => {
		const parameters = new Parameters(n8n, item);
		let isDryRun = false;
		try {
			isDryRun = operation.isDryRun?.(parameters) ?? false;
			if (isDryRun) {
				const task = operation.check(parameters, dryConnection);
				return { task: dryTask(task, connection), isDryRun };
			}
			if (connection instanceof Failure) return { task: connection, isDryRun };
			return { task: operation.check(parameters, connection), isDryRun };
		} catch (error) {
			return { task: toFailure(error).with(isDryRun ? { dry_run: true } : {}), isDryRun };
		}
	});
}

/** A dry run needs no connection, but where there is none, the item says so beside what would be sent. */
function dryTask(task: Task, connection: Connection | Failure): Task {
	if (!(connection instanceof Failure)) return task;
	return async (run) => {
		const done = await task(run);
		const [output] = done instanceof Function ? await done() : done;
		throw connection.with({ dry_run: true, call: output?.json });
	};
}

/**
 * Carries the items out, several at a time. When the run ends early, it awaits what is in flight. The
 * failure of a dry run ends no run, so that all that is wrong is seen at once.
 */
export async function carryOut(
	items: CheckedItem[],
	{ run, concurrency, stopAtFailure, canceled }: CarryOutOptions,
): Promise<Results> {
	const stop = new AbortController();
	const signal = AbortSignal.any([canceled, stop.signal]);
	let stoppedBy: Results['stoppedBy'];
	const stopBy = (failure: Failure, item: number) => {
		if (!stopAtFailure || signal.aborted) return;
		stoppedBy = { failure, item };
		stop.abort();
	};

	// An item invalid on this retry may have been dialled before: keep that outcome.
	const withOutcomes = items.map(({ task, isDryRun }, item) => {
		const isReal = task instanceof Failure && !isDryRun;
		return {
			task: isReal ? task.with(earlierOutcome(run.ledger.entriesOf(item))) : task,
			isDryRun,
		};
	});

	const limit = pLimit(concurrency);
	const carryOne = async ({ task, isDryRun }: CheckedItem, item: number): Promise<Result> => {
		const guarded = async <T>(work: () => Promise<T>): Promise<T | Failure | undefined> => {
			try {
				return await work();
			} catch (error) {
				if (signal.aborted && !(error instanceof Failure)) return undefined;
				const failure =
					error instanceof Failure ? error : afterFault(error, run.ledger.entriesOf(item));
				if (isDryRun) return failure.with({ dry_run: true });
				stopBy(failure, item);
				return failure;
			}
		};
		if (task instanceof Failure) return task;
		const begun = await limit(async () =>
			signal.aborted
				? undefined
				: await guarded(async () => await task({ ...run, signal, canceled })),
		);
		return begun instanceof Function ? await guarded(begun) : begun;
	};

	withOutcomes.forEach(({ task, isDryRun }, item) => {
		if (task instanceof Failure && !isDryRun) stopBy(task, item);
	});
	const results = await Promise.all(
		withOutcomes.map(async (checked, item) => await carryOne(checked, item)),
	);
	return { results, stoppedBy };
}

/**
 * The failure of an item whose task met a fault of this node or of n8n.
 * @param entries what is known of the calls of the item
 */
function afterFault(fault: unknown, entries: Entry[]): Failure {
	const attempts = entries.reduce((sum, entry) => sum + entry.attempts, 0);
	return toFailure(fault).with({ attempts, ...earlierOutcome(entries) });
}
