import type { DeduplicationHelperFunctions, INode, IWorkflowMetadata } from 'n8n-workflow';
import pLimit, { type LimitFunction } from 'p-limit';
import * as z from 'zod/v4/mini';

import { Alarm } from '../policy/abortable';
import { StoreLock, type Locked, type Store } from '../policy/storeLock';

export interface StoreFunctions {
	getWorkflow(): Pick<IWorkflowMetadata, 'id'>;
	getNode(): Pick<INode, 'id'>;
	helpers: Pick<
		DeduplicationHelperFunctions,
		| 'checkProcessedAndRecord'
		| 'removeProcessed'
		| 'clearAllProcessedItems'
		| 'getProcessedDataCount'
	>;
}

/** How long marks stay after the end of their execution, because a stalled worker may still wake up. */
const KEPT_MS = 10 * 60_000;

/** The marks of one workflow, as one of its nodes reaches them. */
export class WorkflowStore {
	private readonly lock: StoreLock;

	/** What is to be removed, the earliest first. */
	private expiring: Array<{ at: number; marks: string[]; locked: Locked }> = [];

	private readonly alarm = new Alarm(() => void this.removeExpired());

	constructor(turns: LimitFunction) {
		this.lock = new StoreLock(turns);
	}

	get idle(): boolean {
		return this.lock.idle && this.expiring.length === 0;
	}

	/** Reaches the marks through the functions of one execution. */
	lockedThrough({ helpers }: StoreFunctions): Locked {
		const store = storeOf(helpers);
		return async (work) => await this.lock.locked(store, work);
	}

	/** Removes marks in ten minutes, unless the process ends before. */
	removeLater(marks: string[], locked: Locked): void {
		this.expiring.push({ at: performance.now() + KEPT_MS, marks, locked });
		this.ring();
	}

	private async removeExpired(): Promise<void> {
		const now = performance.now();
		const due = this.expiring.filter(({ at }) => at <= now);
		const [first] = due;
		const all = due.flatMap(({ marks }) => marks);
		// Marks that n8n cannot remove now stay.
		await first?.locked(async (store) => await store.forget(all)).catch(() => undefined);
		this.expiring = this.expiring.filter((each) => !due.includes(each));
		this.ring();
	}

	private ring(): void {
		this.alarm.set(this.expiring[0]?.at ?? Number.POSITIVE_INFINITY);
	}
}

const workflows = new Map<string, { turns: LimitFunction; stores: Map<string, WorkflowStore> }>();

/** The store of a node, undefined outside of a workflow, where n8n would take the marks of any other workflow. */
export function workflowStoreOf(n8n: Pick<StoreFunctions, 'getWorkflow' | 'getNode'>) {
	const { id: workflowId } = n8n.getWorkflow();
	if (!workflowId) return undefined;
	for (const [known, { stores }] of workflows) {
		if ([...stores.values()].every(({ idle }) => idle)) workflows.delete(known);
	}
	const workflow = workflows.get(workflowId) ?? {
		turns: pLimit(1),
		stores: new Map<string, WorkflowStore>(),
	};
	workflows.set(workflowId, workflow);
	const nodeId = n8n.getNode().id;
	const store = workflow.stores.get(nodeId) ?? new WorkflowStore(workflow.turns);
	workflow.stores.set(nodeId, store);
	return store;
}

const text = z.string();
const inEntries = { mode: 'entries' } as const;

/** What the row of the lock holds. */
const lockEntries = (count: number) => Array.from({ length: count }, (_, n) => `twenty2-lock ${n}`);

/** n8n's deduplication store in its database: the row of the workflow, and that of the node as its lock. */
function storeOf(helpers: StoreFunctions['helpers']): Store {
	return {
		async record(marks) {
			const { new: fresh } = await helpers.checkProcessedAndRecord(marks, 'workflow', inEntries);
			return fresh.map((mark) => text.parse(mark));
		},
		async forget(marks) {
			await helpers.removeProcessed(marks, 'workflow', inEntries);
		},
		async insertLock(count) {
			const entries = lockEntries(count);
			const recorded = helpers.checkProcessedAndRecord(entries, 'node', inEntries);
			return await recorded.then(
				({ new: fresh }) => fresh.length === entries.length,
				(reason: unknown) => {
					if (reason instanceof Error && rowIsThere.test(reason.message)) return false;
					throw reason;
				},
			);
		},
		async countLock() {
			return await helpers.getProcessedDataCount('node', inEntries);
		},
		async deleteLock() {
			await helpers.clearAllProcessedItems('node', inEntries);
		},
	};
}

/** What SQLite, PostgreSQL and MySQL say when another process has just inserted the row. */
const rowIsThere = /unique constraint|duplicate entry/i;
