import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { randomUUID } from 'crypto';
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
 * same ledger.
 * @param dials whether the operation makes phones ring; other runs leave nothing to remember
 */
export function ledgerOf(n8n: IExecuteFunctions, dials: boolean): Ledger {
	const { $runIndex, $execution } = n8n.getWorkflowDataProxy(0);
	const run = workflowData.parse({ $runIndex, $execution });
	const node = n8n.getNode();
	const context = n8n.getContext('node');
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

/**
 * The used keys of each workflow. Only workflows with a key in use are here, because n8n's store holds
 * the keys themselves.
 */
const workflows = new Map<string, Keys>();

const text = z.string();

/** Separates the keys from what a Remove Duplicates node records in the same workflow. */
const prefix = 'twenty2 ';

const inEntries = { mode: 'entries' } as const;

/**
 * The used keys of the workflow, out of n8n's deduplication store, which keeps them across executions
 * and restarts. n8n reads, changes and writes one row, so the calls of one process must not overlap.
 */
export function keysOf(n8n: IExecuteFunctions): DeduplicationKeys {
	const { checkProcessedAndRecord, removeProcessed } = n8n.helpers;
	const store: KeyStore = {
		async record(keys) {
			const { new: fresh } = await withOneRetry(
				async () => await checkProcessedAndRecord(keys, 'workflow', inEntries),
			);
			return fresh.map((key) => text.parse(key));
		},
		async forget(keys) {
			await withOneRetry(async () => await removeProcessed(keys, 'workflow', inEntries));
		},
	};
	return {
		async claim(key, signal, own) {
			for (const [id, { idle }] of workflows) if (idle) workflows.delete(id);
			const { id = '' } = n8n.getWorkflow();
			const keys = workflows.get(id) ?? new Keys();
			workflows.set(id, keys);
			return await keys.claim(prefix + key, store, signal, own);
		},
	};
}

/**
 * Runs a query again when it is rejected. When two workers record the first key of a workflow at once,
 * the database refuses one of them. Its second try finds the other's key.
 */
async function withOneRetry<T>(query: () => Promise<T>): Promise<T> {
	return await query().catch(query);
}
