import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import { Failure, toFailure } from '../api/failure';
import type { Connection } from '../connection/connect';
import { earlierOutcome } from '../operations/create/placeCall';
import { Parameters } from '../operations/fields/parameters';
import type { Operation, Output, Run, Task } from '../operations/operation';
import type { Entry } from '../policy/ledger';

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
 * @returns for each item the task that carries it out, or the failure of its check
 */
export function checkItems(
	n8n: IExecuteFunctions,
	operation: Operation,
	connection: Connection | Failure,
): Array<Task | Failure> {
	return n8n.getInputData().map((_, item) => {
		if (connection instanceof Failure) return connection;
		try {
			return operation.check(new Parameters(n8n, item), connection);
		} catch (error) {
			return toFailure(error);
		}
	});
}

/** Carries the items out, several at a time. When the run ends early, it awaits what is in flight. */
export async function carryOut(
	tasks: Array<Task | Failure>,
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
	const withOutcomes = tasks.map((task, item) =>
		task instanceof Failure ? task.with(earlierOutcome(run.ledger.entriesOf(item))) : task,
	);

	const carryOne = async (task: Task | Failure, item: number): Promise<Result> => {
		if (task instanceof Failure) return task;
		if (signal.aborted) return undefined;
		try {
			return await task({ ...run, signal, canceled });
		} catch (error) {
			if (signal.aborted && !(error instanceof Failure)) return undefined;
			const failure =
				error instanceof Failure ? error : afterFault(error, run.ledger.entriesOf(item));
			stopBy(failure, item);
			return failure;
		}
	};

	withOutcomes.forEach((task, item) => {
		if (task instanceof Failure) stopBy(task, item);
	});
	const limit = pLimit(concurrency);
	const results = await Promise.all(
		withOutcomes.map(async (task, item) => await limit(carryOne, task, item)),
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
