import { expect, it } from 'vitest';

import { workflowStoreOf, type StoreFunctions } from '../../../nodes/Twenty2/run/workflowStore';
import { pass, passUntilQuiet, useFakeTime, watch } from '../policy/fakeTime';

useFakeTime();

/** n8n with a store in memory, whose queries are rejected with these messages, one after the other. */
function n8nWith(workflowId: string, nodeId = 'node', ...rejections: string[]) {
	const rows = new Map<string, Set<string>>();
	const rowOf = (scope: string) => rows.get(scope) ?? new Set<string>();
	const left = [...rejections];
	const answered = async () => {
		await Promise.resolve();
		const message = left.shift();
		if (message !== undefined) throw new Error(message);
	};
	const helpers: StoreFunctions['helpers'] = {
		async checkProcessedAndRecord(items, scope) {
			await answered();
			const row = rowOf(scope);
			const fresh = items.filter((item) => !row.has(String(item)));
			rows.set(scope, new Set([...row, ...fresh.map(String)]));
			return { new: fresh, processed: items.filter((item) => row.has(String(item))) };
		},
		async removeProcessed(items, scope) {
			await answered();
			for (const item of items) rowOf(scope).delete(String(item));
		},
		async clearAllProcessedItems(scope) {
			await answered();
			rows.delete(scope);
		},
		async getProcessedDataCount(scope) {
			await answered();
			return rowOf(scope).size;
		},
	};
	const n8n = { getWorkflow: () => ({ id: workflowId }), getNode: () => ({ id: nodeId }), helpers };
	return { n8n, rows };
}

/** Records a mark as a node does. */
function record(n8n: StoreFunctions, mark: string) {
	const locked = workflowStoreOf(n8n)?.lockedThrough(n8n);
	return watch(
		locked?.(async (marks) => await marks.record([mark])) ?? Promise.reject(new Error('no store')),
	);
}

it('the store of a workflow records marks beside what other nodes keep there, and leaves no lock behind', async () => {
	const { n8n, rows } = n8nWith('one');
	const recorded = record(n8n, 'mark');
	await passUntilQuiet();
	expect(recorded.value).toEqual(['mark']);
	expect(rows).toEqual(new Map([['workflow', new Set(['mark'])]]));
});

it('there is no store outside of a workflow', () => {
	expect(workflowStoreOf(n8nWith('').n8n)).toBeUndefined();
});

it.each([
	'UNIQUE constraint failed: processed_data.workflowId, processed_data.context',
	'duplicate key value violates unique constraint "PK_ca04b9d8dc72de268fe07a65773"',
	"Duplicate entry 'id-n:node' for key 'PRIMARY'",
])('the store of a workflow takes "%s" for a lock that another process holds', async (message) => {
	const rejecting = n8nWith(`busy ${message}`);
	const insert = rejecting.n8n.helpers.checkProcessedAndRecord;
	let refused = false;
	rejecting.n8n.helpers.checkProcessedAndRecord = async (items, scope, options) => {
		if (scope === 'node' && !refused) {
			refused = true;
			throw new Error(message);
		}
		return await insert(items, scope, options);
	};
	const recorded = record(rejecting.n8n, 'mark');
	await passUntilQuiet();
	expect(recorded.value).toEqual(['mark']);
});

it('the store of a workflow rejects with what else n8n says', async () => {
	const { n8n } = n8nWith('down', 'node', 'database is locked');
	const recorded = record(n8n, 'mark');
	await passUntilQuiet();
	expect(recorded.reason).toEqual(new Error('database is locked'));
});

it('the store of a workflow removes marks after ten minutes, together', async () => {
	const { n8n, rows } = n8nWith('removing');
	const store = workflowStoreOf(n8n);
	const locked = store?.lockedThrough(n8n);
	if (!store || !locked) throw new Error('There is no store');
	await Promise.all([watch(locked(async (marks) => await marks.record(['a', 'b', 'kept'])))]);
	store.removeLater(['a'], locked);
	await pass(60_000);
	store.removeLater(['b'], locked);
	await pass(9 * 60_000 - 1_000);
	expect([...(rows.get('workflow') ?? [])]).toEqual(['a', 'b', 'kept']);
	await pass(2_000);
	expect([...(rows.get('workflow') ?? [])]).toEqual(['b', 'kept']);
	await pass(60_000);
	expect([...(rows.get('workflow') ?? [])]).toEqual(['kept']);
	expect(store.idle).toBe(true);
});
