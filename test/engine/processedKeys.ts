import type {
	DeduplicationScope,
	ICheckProcessedContextData,
	IDataDeduplicator,
	IDeduplicationOutput,
} from 'n8n-workflow';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { core } from './n8nCore';

type Key = string | number;

/**
 * n8n's deduplication store (mode `entries`) without its database. Like the original it reads one
 * row, changes it and writes it back, so calls that overlap lose each other's keys.
 */
class ProcessedKeys implements IDataDeduplicator {
	private readonly rows = new Map<string, readonly string[]>();

	async checkProcessedAndRecord(
		items: Key[],
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
		{ maxEntries }: { maxEntries?: number },
	): Promise<IDeduplicationOutput> {
		const row = this.row(scope, context);
		const before = this.rows.get(row) ?? [];
		await nextTurn();
		const known = new Set(before);
		const isKnown = (item: Key) => known.has(String(item));
		const fresh = items.filter((item) => !isKnown(item));
		const after = [...before, ...fresh.map(String)];
		this.rows.set(row, maxEntries === undefined ? after : after.slice(-maxEntries));
		return { new: fresh, processed: items.filter(isKnown) };
	}

	async removeProcessed(
		items: Key[],
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<void> {
		const row = this.row(scope, context);
		const before = this.rows.get(row) ?? [];
		await nextTurn();
		const removed = new Set(items.map(String));
		this.rows.set(
			row,
			before.filter((key) => !removed.has(key)),
		);
	}

	async clearAllProcessedItems(
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<void> {
		this.rows.delete(this.row(scope, context));
	}

	async getProcessedDataCount(
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<number> {
		return this.rows.get(this.row(scope, context))?.length ?? 0;
	}

	private row(scope: DeduplicationScope, { node, workflow }: ICheckProcessedContextData): string {
		return `${workflow.id} ${scope === 'node' ? (node?.id ?? '') : ''}`;
	}
}

let ready: Promise<void> | undefined;

/** n8n-core keeps one store a process and refuses a second one. */
export async function provideProcessedKeys(): Promise<void> {
	ready ??= core.DataDeduplicationService.init(new ProcessedKeys());
	await ready;
}
