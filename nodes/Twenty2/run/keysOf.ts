import type { IExecuteFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Keys, type HeldKey, type KeyStore } from '../policy/usedKeys';

/** What says whether a key was used before, in the workflow that n8n carries out. */
export interface UsedKeys {
	/**
	 * Records a key for the call that is about to be sent.
	 * @param own whether an earlier try of the same call has recorded it
	 * @returns undefined when it was used before
	 * @throws the signal's reason, or why n8n cannot record it
	 */
	claim(key: string, signal: AbortSignal, own: boolean): Promise<HeldKey | undefined>;
}

/** By workflow; only those with a claim under way, because the keys themselves are in n8n's store. */
const workflows = new Map<string, Keys>();

const text = z.string();

/** Sets them apart from what a Remove Duplicates node records in the same workflow. */
const prefix = 'twenty2 ';

const inEntries = { mode: 'entries' } as const;

/**
 * The keys used in this workflow, in n8n's deduplication store, which keeps them across executions
 * and restarts. n8n reads, changes and writes one row, so what one process does must not overlap.
 */
export function keysOf(n8n: IExecuteFunctions): UsedKeys {
	const { checkProcessedAndRecord, removeProcessed } = n8n.helpers;
	const store: KeyStore = {
		async record(keys) {
			const { new: fresh } = await twice(
				async () => await checkProcessedAndRecord(keys, 'workflow', inEntries),
			);
			return fresh.map((key) => text.parse(key));
		},
		async forget(keys) {
			await twice(async () => await removeProcessed(keys, 'workflow', inEntries));
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
 * When two workers record the first key of a workflow at once, the database refuses one of them, who
 * finds the other's key when trying again.
 */
async function twice<T>(query: () => Promise<T>): Promise<T> {
	return await query().catch(query);
}
