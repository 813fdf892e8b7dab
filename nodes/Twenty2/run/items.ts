import type { IExecuteFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import { Failure, failureOnly } from '../api/failure';
import type { Connection } from '../connection/connect';
import type { Operation, Output, Run, Task } from '../operations/operation';
import { Parameters } from '../operations/fields/parameters';
import { rang } from '../operations/create/placeCall';

/** What became of an item: its outputs, why it has none, or nothing when it was dropped. */
export type Result = Output[] | Failure | undefined;

export interface Results {
	/** In input order. */
	results: Result[];
	/** The failure that ended the run early. */
	stoppedBy?: { failure: Failure; item: number };
}

export interface Conduct {
	/** What the items share. */
	run: Omit<Run, 'signal' | 'canceled'>;
	/** How many items are carried out at a time. */
	width: number;
	/** Start nothing once an item has failed, and nothing at all when one cannot be carried out. */
	stopAtFailure: boolean;
	/** Fires when the execution is stopped. */
	canceled: AbortSignal;
}

/**
 * Reads and checks every item; nothing is sent.
 * @param connection where there is none, no item can be carried out
 * @returns for each item what carries it out, or why that cannot be
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
			return failureOnly(error);
		}
	});
}

/** Carries the items out, several at a time; what is in flight when they end early is awaited. */
export async function carryOut(
	tasks: Array<Task | Failure>,
	{ run, width, stopAtFailure, canceled }: Conduct,
): Promise<Results> {
	const stop = new AbortController();
	const signal = AbortSignal.any([canceled, stop.signal]);
	let stoppedBy: Results['stoppedBy'];
	const stopBy = (failure: Failure, item: number) => {
		if (!stopAtFailure || signal.aborted) return;
		stoppedBy = { failure, item };
		stop.abort();
	};

	// What is wrong with an item now says nothing of a phone that an earlier try made ring.
	const known = tasks.map((task, item) =>
		task instanceof Failure ? task.with(rang(run.ledger.entriesOf(item))) : task,
	);

	const carryOne = async (task: Task | Failure, item: number): Promise<Result> => {
		if (task instanceof Failure) return task;
		if (signal.aborted) return undefined;
		try {
			return await task({ ...run, signal, canceled });
		} catch (error) {
			if (signal.aborted && !(error instanceof Failure)) return undefined;
			if (!(error instanceof Failure)) stop.abort();
			const failure = failureOnly(error);
			stopBy(failure, item);
			return failure;
		}
	};

	known.forEach((task, item) => {
		if (task instanceof Failure) stopBy(task, item);
	});
	const places = pLimit(width);
	// Not even a mistake of ours leaves others on their way when the run ends.
	const settled = await Promise.allSettled(
		known.map(async (task, item) => await places(carryOne, task, item)),
	);
	const results = settled.map((result) => {
		if (result.status === 'rejected') throw result.reason;
		return result.value;
	});
	return { results, stoppedBy };
}
