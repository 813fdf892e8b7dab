import type { INodeExecutionData } from 'n8n-workflow';
import { expect, it } from 'vitest';
import * as z from 'zod/v4';

import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startSandbox } from '../../sandbox';
import { readExample } from '../e2e/example';
import { workflowPackage } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { createCallNode, engineFor, twenty2Type } from './twenty2';

const listing = z.object({
	authentication: z.string(),
	operation: z.string(),
	returnAll: z.boolean(),
});

const updatesRow = z.object({
	columns: z.object({ value: z.record(z.string(), z.string()) }),
});

/** What a node of an example writes into the columns of a row for an item. */
async function rowOf(file: string, name: string, item: INodeExecutionData): Promise<unknown> {
	const { nodes } = await readExample(file);
	const { value } = updatesRow.parse(nodes.find((node) => node.name === name)?.parameters).columns;
	const { expression } = new workflowPackage.Workflow({
		// Whose expressions they are matters to n8n, not what they do.
		nodes: [{ id: '1', name, type: twenty2Type, typeVersion: 1, position: [0, 0], parameters: {} }],
		connections: {},
		active: false,
		nodeTypes: new GivenNodeTypes({ [twenty2Type]: new Twenty2() }),
	});
	return expression.getParameterValue(value, null, 0, 0, name, [item], 'manual', {});
}

it.each([
	['98765', {}, 'Not called: INVALID_NUMBER'],
	['+919999900602', {}, 'May have been called: OUTCOME_UNKNOWN'],
	['+919999900201', {}, 'May have been called: INVALID_RESPONSE'],
	[
		'+919876500001',
		{ waitForCompletion: true, options: { maxWaitMinutes: 0 } },
		'Called: WAIT_TIMEOUT',
	],
])(
	'the example nightly-campaign notes of %s whether the phone rang (%j)',
	async (phone, parameters, note) => {
		const sandbox = await startSandbox();
		const node = createCallNode(parameters, { onError: 'continueErrorOutput' });
		const { errors } = await engineFor(sandbox).run({ items: [{ phone }], node });
		await sandbox.close();
		const [item] = errors;
		if (!item) throw new Error('Nothing went wrong');
		expect(await rowOf('nightly-campaign.json', 'Note the Reason', item)).toEqual({ result: note });
	},
);

it('the example reconcile writes of each call of the workspace who was called and how it ended', async () => {
	const sandbox = await startSandbox();
	const { nodes } = await readExample('reconcile.json');
	const calls = nodes.find(({ name }) => name === 'Calls');
	const call = { call_id: 'call_1', status: 'completed', callee_phone: '9876543210' };
	const body = { success: true, calls: [{ ...call, duration_seconds: 42 }] };
	sandbox.behaveReads('*', { kind: 'answer', status: 200, body });
	const node = createCallNode({ authentication: 'workspace' });
	const parameters = listing.parse(calls?.parameters);
	const { success } = await engineFor(sandbox).run({ items: [{}], node: { ...node, parameters } });
	await sandbox.close();
	const [item] = success;
	if (!item) throw new Error('No call was listed');
	expect(await rowOf('reconcile.json', 'Update the Row', item)).toEqual({
		call_id: 'call_1',
		phone: '+919876543210',
		status: 'completed',
		talked_seconds: 42,
	});
});
