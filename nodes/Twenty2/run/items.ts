import { sleep, type IExecuteFunctions } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';

import { Failure, orFailure, toFailure } from '../api/failure';
import { connect, type Connection } from '../connection/connect';
import { offline } from '../connection/offline';
import type { Chosen } from '../operations/chosen';
import { PlannedCalls } from '../operations/create/plannedCalls';
import { earlierOutcome } from '../operations/create/placeCall';
import { Parameters } from '../operations/fields/parameters';
import type { Output, Run, Task } from '../operations/operation';
import type { Access } from '../policy/access';
import type { Limits } from '../policy/keyLimits';
import type { Entry } from '../policy/ledger';
import { isTool } from './tool';

/** One item, read and checked. */
export interface CheckedItem {
	/** Carries the item out, or is the failure of its check. */
	task: Task | Failure;
	isDryRun: boolean;
	/** Items with the same credential share a connection. A Failure says why there is none. */
	connection: { access: Pick<Access, 'waited'>; limits: Limits } | Failure;
}

/** The result of an item: its outputs, its failure, or undefined when the run ended before it. */
export type Result = Output[] | Failure | undefined;

export interface Results {
	/** In input order. */
	results: Result[];
	/** The failures that ended the run early: one of an item that was carried out, or all that the checks found. */
	stoppedBy?: FailedItems;
}

/** At least one. */
export type FailedItems = [FailedItem, ...FailedItem[]];

export interface FailedItem {
	failure: Failure;
	item: number;
}

export interface CarryOutOptions {
	/** Start no item after one has failed, and none at all when the check of one has failed. */
	stopAtFailure: boolean;
	/** Fires when the execution is stopped. */
	canceled: AbortSignal;
}

/** How long items are checked at a stretch. n8n needs several turns of its event loop to answer a request. */
const MAX_STRETCH_MS = 10;

/** What the items of a run share. */
export type Shared = Omit<Run, 'signal' | 'canceled'>;

/**
 * Reads and checks every item; nothing is sent. Meanwhile n8n can go on with webhooks, the editor and health checks.
 * When the execution is stopped, the rest of the items is left out.
 */
export async function checkItems(
	n8n: IExecuteFunctions,
	{ operation, generation }: Pick<Chosen, 'operation' | 'generation'>,
	canceled: AbortSignal,
): Promise<{ items: CheckedItem[]; plannedCalls: PlannedCalls }> {
	const given = n8n.getInputData();
	const plannedCalls = new PlannedCalls();
	const failing = (failure: Failure) => ({
		items: given.map(() => ({ task: failure, isDryRun: false, connection: failure })),
		plannedCalls,
	});
	if (operation instanceof Failure) return failing(operation);
	if (generation instanceof Failure) return failing(generation);

	const connectionOf = await connect(n8n, generation);
	const dryConnection = offline(generation);
	const isForModel = isTool(n8n.getNode());
	const items: CheckedItem[] = [];
	let since = performance.now();
	for (const item of given.keys()) {
		if (performance.now() - since >= MAX_STRETCH_MS) {
			await sleep(0);
			since = performance.now();
		}
		if (canceled.aborted) break;
		const connection = await connectionOf(item);
		const parameters = new Parameters(n8n, item, isForModel);
		let isDryRun = false;
		const check = (): Task => {
			isDryRun = operation.isDryRun?.(parameters) ?? false;
			const context = { isDryRun, plannedCalls };
			if (isDryRun) {
				return dryTask(operation.check(parameters, dryConnection, context), connection);
			}
			if (connection instanceof Failure) throw connection;
			return operation.check(parameters, connection, context);
		};
		const task = orFailure(check);
		const isFailedDryRun = isDryRun && task instanceof Failure;
		const shown = () => operation.shownAnyway?.(parameters, dryConnection.twenty2);
		items.push({
			task: isFailedDryRun ? task.with({ dry_run: true, call: shown() }) : task,
			isDryRun,
			connection,
		});
	}
	return { items, plannedCalls };
}

/** A dry run needs no connection. Where there is none, the item says so, beside what would be sent. */
function dryTask(task: Task, connection: Connection | Failure): Task {
	if (!(connection instanceof Failure)) return task;
	return async (run) => {
		const done = await task(run);
		const [output] = done instanceof Function ? await done() : done;
		throw connection.with({ dry_run: true, call: output?.json });
	};
}

/**
 * Carries the items out, as many at a time of each connection as it allows calls. When the run ends early, it
 * awaits what is in flight. The failure of a dry run ends no run, so that all that is wrong is seen at once.
 */
export async function carryOut(
	items: CheckedItem[],
	run: Shared,
	{ stopAtFailure, canceled }: CarryOutOptions,
): Promise<Results> {
	const stop = new AbortController();
	const signal = AbortSignal.any([canceled, stop.signal]);
	let stoppedBy: Results['stoppedBy'];
	const stopBy = (first?: FailedItem, ...others: FailedItem[]) => {
		if (!stopAtFailure || signal.aborted || !first) return;
		stoppedBy = [first, ...others];
		stop.abort();
	};

	// An item whose check fails on this retry may have been dialled by an earlier try.
	const withOutcomes = items.map((checked, item) => {
		const { task, isDryRun } = checked;
		if (!(task instanceof Failure) || isDryRun) return checked;
		return { ...checked, task: task.with(earlierOutcome(run.ledger.entriesOf(item))) };
	});

	const slots = new Map<CheckedItem['connection'], LimitFunction>();
	const slotsOf = (connection: CheckedItem['connection']) => {
		const atOnce = connection instanceof Failure ? 1 : connection.limits.concurrentCalls;
		const limit = slots.get(connection) ?? pLimit(atOnce);
		slots.set(connection, limit);
		return limit;
	};
	const carryOne = async (
		{ task, isDryRun, connection }: CheckedItem,
		item: number,
	): Promise<Result> => {
		const guarded = async <T>(work: () => Promise<T>): Promise<T | Failure | undefined> => {
			try {
				return await work();
			} catch (error) {
				if (signal.aborted && !(error instanceof Failure)) return undefined;
				const failure =
					error instanceof Failure ? error : afterFault(error, run.ledger.entriesOf(item));
				if (isDryRun) return failure.with({ dry_run: true });
				stopBy({ failure, item });
				return failure;
			}
		};
		if (task instanceof Failure) return task;
		const begun = await slotsOf(connection)(async () =>
			signal.aborted
				? undefined
				: await guarded(async () => await task({ ...run, signal, canceled })),
		);
		return begun instanceof Function ? await guarded(begun) : begun;
	};

	stopBy(
		...withOutcomes.flatMap(({ task, isDryRun }, item) =>
			task instanceof Failure && !isDryRun ? [{ failure: task, item }] : [],
		),
	);
	const results = await Promise.all(
		withOutcomes.map(async (checked, item) => await carryOne(checked, item)),
	);
	return { results, stoppedBy };
}

/** The failure of an item whose task met a fault. @param entries what is known of the calls of the item */
function afterFault(fault: unknown, entries: Entry[]): Failure {
	const attempts = entries.reduce((sum, entry) => sum + entry.attempts, 0);
	return toFailure(fault).with({ attempts, ...earlierOutcome(entries) });
}
