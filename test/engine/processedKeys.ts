/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type {
	DeduplicationScope,
	ICheckProcessedContextData,
	IDataDeduplicator,
	IDeduplicationOutput,
} from 'n8n-workflow';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { core } from './n8nCore';

type Key = string | number;

interface Row {
	mode: string;
	keys: readonly string[];
}

interface Options {
	mode: string;
	maxEntries?: number;
}

/**
 * n8n's deduplication store without its database, as n8n 2.41.1 keeps it. Like the original it reads
 * one row, changes it and writes it back, so calls that overlap lose each other's keys; two that both
 * find no row insert one each, of which the database takes the first.
 */
class ProcessedKeys implements IDataDeduplicator {
	private readonly rows = new Map<string, Row>();

	private queries = 0;

	/** What the database answers while it is down. */
	down: Error | undefined;

	/** How many answers to writes of marks get lost after the database has written. */
	loseAnswers = 0;

	/** What all workflows have recorded, without the locks. */
	get marks(): string[] {
		const rows = [...this.rows].filter(([name]) => name.endsWith(' '));
		return rows.flatMap(([, { keys }]) => keys);
	}

	clear(): void {
		this.rows.clear();
	}

	async checkProcessedAndRecord(
		items: Key[],
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
		{ mode, maxEntries }: Options,
	): Promise<IDeduplicationOutput> {
		const row = this.row(scope, context);
		const before = this.rows.get(row);
		await this.queried();
		if (before && before.mode !== mode) {
			throw new Error('Deduplication data was originally saved with an incompatible setting');
		}
		if (!before && this.rows.has(row))
			throw new Error('duplicate key value violates unique constraint');
		const known = new Set(before?.keys);
		const isKnown = (item: Key) => known.has(String(item));
		const fresh = items.filter((item) => !isKnown(item));
		const after = [...known, ...fresh.map(String)];
		this.rows.set(row, { mode, keys: maxEntries === undefined ? after : after.slice(-maxEntries) });
		if (scope === 'workflow' && this.loseAnswers-- > 0)
			throw new Error('Connection terminated unexpectedly');
		return { new: fresh, processed: items.filter(isKnown) };
	}

	async removeProcessed(
		items: Key[],
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<void> {
		const row = this.row(scope, context);
		const before = this.rows.get(row);
		await this.queried();
		if (!before) return;
		const removed = new Set(items.map(String));
		this.rows.set(row, { ...before, keys: before.keys.filter((key) => !removed.has(key)) });
	}

	async clearAllProcessedItems(
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<void> {
		await this.queried();
		this.rows.delete(this.row(scope, context));
	}

	async getProcessedDataCount(
		scope: DeduplicationScope,
		context: ICheckProcessedContextData,
	): Promise<number> {
		await this.queried();
		return this.rows.get(this.row(scope, context))?.keys.length ?? 0;
	}

	/** As a database does, it takes its time, not always the same, so that others find what was before. */
	private async queried(): Promise<void> {
		const turns = 3 + (this.queries++ % 5);
		for (let turn = 0; turn < turns; turn++) await nextTurn();
		if (this.down) throw this.down;
	}

	private row(scope: DeduplicationScope, { node, workflow }: ICheckProcessedContextData): string {
		return `${workflow.id} ${scope === 'node' ? (node?.id ?? '') : ''}`;
	}
}

/** The one store of this process: n8n-core keeps one and refuses a second. */
export const processedKeys = new ProcessedKeys();

let ready: Promise<void> | undefined;

export async function provideProcessedKeys(): Promise<void> {
	ready ??= core.DataDeduplicationService.init(processedKeys);
	await ready;
}
