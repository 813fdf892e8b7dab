import type { INode } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { unstoredState } from '../../../nodes/Twenty2/run/nodeState';

const node = (type: string): INode => ({
	id: '1',
	name: 'Twenty2',
	type,
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
});

it('a node that runs dry has a state that ends with the run', async () => {
	const n8n = { getNode: () => node('n8n-nodes-twenty2.twenty2') };
	const { ledger, marks, keys } = unstoredState(n8n);
	const entry = ledger.entry(0, '+919876543210');
	expect(unstoredState(n8n).ledger.entry(0, '+919876543210').id).not.toBe(entry.id);
	expect(await marks.claim(marks.trancheOf(0, '+919876543210'))).toBe(true);
	await expect(keys.claim('key')).rejects.toThrow('outside of a workflow');
});
