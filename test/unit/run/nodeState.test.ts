import type { INode } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { isTool, keysOf, unstoredLedger } from '../../../nodes/Twenty2/run/nodeState';

const node = (type: string): INode => ({
	id: '1',
	name: 'Twenty2',
	type,
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
});

const never = new AbortController().signal;

/** n8n with a deduplication store that rejects the first query with this message. */
function n8nWith(id: string | undefined, message?: string) {
	const known = new Set<unknown>();
	let queries = 0;
	return {
		queries: () => queries,
		getWorkflow: () => ({ id }),
		helpers: {
			checkProcessedAndRecord: async (items: unknown[]) => {
				if (queries++ === 0 && message !== undefined) throw new Error(message);
				const fresh = items.filter((item) => !known.has(item));
				for (const item of fresh) known.add(item);
				return { new: fresh.map(String), processed: [] };
			},
			removeProcessed: async () => undefined,
		},
	};
}

describe('A node', () => {
	it.each([
		['n8n-nodes-twenty2.twenty2', false],
		['n8n-nodes-twenty2.twenty2Tool', true],
	])('of the type %s is a tool: %s', (type, expected) => {
		expect(isTool(node(type))).toBe(expected);
	});

	it('without a context of n8n has a ledger that ends with the run', () => {
		const n8n = { getNode: () => node('n8n-nodes-twenty2.twenty2') };
		const entry = unstoredLedger(n8n).entry(0, '+919876543210');
		expect(unstoredLedger(n8n).entry(0, '+919876543210').id).not.toBe(entry.id);
	});
});

describe('The deduplication keys of a workflow', () => {
	it('are the same to all runs of it, and to no other workflow', async () => {
		const held = await keysOf(n8nWith('one')).hold('key', never);
		let again = false;
		void keysOf(n8nWith('one'))
			.hold('key', never)
			.then(() => (again = true));
		await (await keysOf(n8nWith('other')).hold('key', never)).release();
		expect(again).toBe(false);
		await held.release();
	});

	it('are recorded again where the database has certainly written nothing', async () => {
		const n8n = n8nWith('inserted', 'UNIQUE constraint failed: processed_data.workflowId');
		const held = await keysOf(n8n).hold('key', never);
		expect(await held.recordSent()).toBe('unused');
	});

	// The marks may have been written, and a second try would take them for another call's.
	it('are not recorded again after any other rejection', async () => {
		const n8n = n8nWith('locked', 'database is locked');
		const held = await keysOf(n8n).hold('key', never);
		await expect(held.recordSent()).rejects.toThrow('database is locked');
		expect(n8n.queries()).toBe(1);
	});

	it('are none outside of a workflow', async () => {
		await expect(keysOf(n8nWith(undefined)).hold('key', never)).rejects.toThrow('workflow');
	});
});
