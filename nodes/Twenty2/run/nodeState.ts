import { randomUUID } from 'crypto';
import type {
	DeduplicationHelperFunctions,
	IContextObject,
	IExecuteFunctions,
	INode,
	IWorkflowMetadata,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { DeduplicationKeys } from '../operations/create/oncePerKey';
import { Ledger } from '../policy/ledger';
import { Keys, type KeyStore } from '../policy/usedKeys';

/** Whether an AI agent uses the node. n8n then gives its type another name. */
export function isTool({ type }: INode): boolean {
	return type.endsWith('Tool');
}

const workflowData = z.object({
	$runIndex: z.number(),
	$execution: z.object({ id: z.string(), resumeUrl: z.optional(z.string()) }),
});

/**
 * The ledger of the run that n8n carries out, out of n8n's node context. A retry of the run gets the
 * same ledger. n8n's Agents run a node without an execution, so each of these runs has a ledger of its own.
 * @param dials whether the operation makes phones ring; other runs leave nothing to remember
 */
export function ledgerOf(n8n: IExecuteFunctions, dials: boolean): Ledger {
	const context = contextOf(n8n);
	if (!context) return unstoredLedger(n8n);

	const { $runIndex, $execution } = n8n.getWorkflowDataProxy(0);
	const run = workflowData.parse({ $runIndex, $execution });
	const node = n8n.getNode();
	const ledger = new Ledger(context, {
		index: run.$runIndex,
		execution: run.$execution.id,
		identity: `${identityOf(run.$execution, context)} ${node.name}`,
		isTool: isTool(node),
		forgotten: isForgotten(n8n),
	});
	if (dials && n8n.getMode() === 'retry') ledger.remember();
	if (dials) n8n.onExecutionCancellation(() => ledger.remember());
	return ledger;
}

/** A ledger that ends with the run, for a dry run and where n8n has no context. */
export function unstoredLedger(n8n: Pick<IExecuteFunctions, 'getNode'>): Ledger {
	const run = { index: 0, execution: '', identity: '', isTool: isTool(n8n.getNode()) };
	return new Ledger({}, run);
}

/** n8n's node context; undefined where there is none, because n8n then throws. */
function contextOf(n8n: IExecuteFunctions): IContextObject | undefined {
	try {
		return n8n.getContext('node');
	} catch {
		return undefined;
	}
}

/**
 * What an execution and "Retry execution" of it have in common. n8n gives the retry another ID. On n8n 2
 * the token that signs the address for resuming the execution stays the same, also after Stop, which
 * loses the node context. n8n 1 has no such token, but there the context outlives Stop.
 * @param context n8n's node context; written to
 */
function identityOf(
	{ resumeUrl = '' }: z.infer<typeof workflowData>['$execution'],
	context: Record<string, unknown>,
): string {
	const token = URL.canParse(resumeUrl) && new URL(resumeUrl).searchParams.get('signature');
	if (token) return token;
	const { twenty2Identity = randomUUID() } = context;
	Object.assign(context, { twenty2Identity });
	return String(twenty2Identity);
}

/**
 * Whether n8n has kept nothing of the execution that this one retries. n8n 2 stores how an execution began
 * before it begins, and n8n 1 with its end. So the retry of an execution that n8n 1 has not stored since it
 * began, because it was just stopped or n8n was killed, is taken to have begun as a retry.
 */
function isForgotten(n8n: IExecuteFunctions): boolean {
	return n8n.getExecutionContext()?.source === 'retry';
}

/** The keys of each workflow that has a key in use. They hold the keys themselves, which n8n's store does not. */
const workflows = new Map<string, Keys>();

const text = z.string();

/** The used part of n8n's functions. */
interface StoreFunctions {
	getWorkflow(): Pick<IWorkflowMetadata, 'id'>;
	helpers: Pick<DeduplicationHelperFunctions, 'checkProcessedAndRecord' | 'removeProcessed'>;
}

const inEntries = { mode: 'entries' } as const;

/**
 * The deduplication keys of the workflow, from n8n's deduplication store, which keeps them across
 * executions and restarts. n8n reads, changes and writes one row, so the calls of one process must not
 * overlap.
 */
export function keysOf(n8n: StoreFunctions): DeduplicationKeys {
	const { checkProcessedAndRecord, removeProcessed } = n8n.helpers;
	const store: KeyStore = {
		async record(marks) {
			const { new: fresh } = await repeatedIfNotInserted(
				async () => await checkProcessedAndRecord(marks, 'workflow', inEntries),
			);
			return fresh.map((mark) => text.parse(mark));
		},
		async forget(marks) {
			await removeProcessed(marks, 'workflow', inEntries);
		},
	};
	return {
		async hold(key, signal) {
			for (const [id, { idle }] of workflows) if (idle) workflows.delete(id);
			const { id } = n8n.getWorkflow();
			// Without a workflow, n8n's store would take the keys of any other one.
			if (!id) throw new Error('it runs the node outside of a workflow');
			const keys = workflows.get(id) ?? new Keys();
			workflows.set(id, keys);
			return await keys.hold(key, store, signal);
		},
	};
}

/** What SQLite, PostgreSQL and MySQL say when a row is there already. */
const rowIsThere = /unique constraint|duplicate entry/i;

/**
 * Runs a query again when it certainly wrote nothing: two workers inserted the first row of a workflow at
 * once, and the database refused this one. After any other rejection the marks may have been written, and
 * a second try would find them and take them for another call's.
 */
async function repeatedIfNotInserted<T>(query: () => Promise<T>): Promise<T> {
	return await query().catch(async (reason: unknown) => {
		if (reason instanceof Error && rowIsThere.test(reason.message)) return await query();
		throw reason;
	});
}
