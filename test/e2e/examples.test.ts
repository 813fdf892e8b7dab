/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import * as z from 'zod/v4';

import { deliver } from '../../sandbox';
import { createCampaign } from './campaign';
import { examples, exampleWith, readExample, type Chosen } from './example';
import { jsonOf } from './execution';
import { issuesIn } from './importIssues';
import { startLanguageModel } from './languageModel';
import type { N8n } from './n8n';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import { leads, ownNode, workflow } from './workflow';

const limits = { requestsPerMinute: 1_000 };
const it = inN8n({ twenty2: { ringMs: 200, talkMs: 500, ...limits }, limits });

/** Imports an example with credentials chosen. */
const imported = async (n8n: N8n, file: string, chosen: Chosen) =>
	await n8n.createWorkflow(await exampleWith(file, chosen));

const manual = "When clicking 'Execute workflow'";

it('The examples are imported with nothing left to set but credentials', async ({ n8n }) => {
	const issuesOf = await issuesIn(n8n);
	for (const file of await readdir(examples)) {
		const { nodes } = await readExample(file);
		expect({ file, issues: nodes.flatMap(issuesOf) }).toEqual({ file, issues: [] });
		expect({ file, credentials: nodes.filter((node) => node.credentials) }).toEqual({
			file,
			credentials: [],
		});
	}
});

it('The example reconcile brings the calls of a workspace into the table, each into one row', async ({
	n8n,
	sandbox,
	workspace,
}) => {
	const created = await imported(n8n, 'reconcile.json', { twenty2WorkspaceApi: workspace });
	const rowsOf = async () => {
		const run = await n8n.runManually(created, 'Every Hour');
		expect(run.status).toBe('success');
		return jsonOf(run, 'Update the Row').sort((a, b) => Number(a.id) - Number(b.id));
	};
	const caller = await createCampaign(n8n, workspace, { authentication: 'workspace' });
	await caller.run(leads(2));
	const before = await rowsOf();
	const calls = sandbox.seen.calls.map(({ call_id, number }) => ({ call_id, phone: number }));
	expect(before.map(({ call_id, phone }) => ({ call_id, phone }))).toEqual(
		expect.arrayContaining(calls),
	);

	const endedAt = Math.max(...sandbox.seen.calls.map((call) => call.endedAt));
	await eventually('The end of the calls', 30, async () => Date.now() > endedAt || undefined);
	const ended = { status: 'completed', talked_seconds: expect.stringMatching(/^\d/) };
	expect(await rowsOf()).toEqual(
		before.map(({ id, call_id }) => expect.objectContaining({ id, call_id, ...ended })),
	);
	expect(sandbox.seen.calls).toHaveLength(2);
});

it('The example crm-row-to-call lets each row that could not be phoned take its own branch', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const created = await imported(n8n, 'crm-row-to-call.json', { twenty2Api: credential });
	const run = await n8n.runManually(created, manual);
	expect(run.status).toBe('success');
	expect(jsonOf(run, 'Call Placed').map(({ result }) => result)).toEqual([
		expect.stringMatching(/^Call call_\w+ to Asha was placed$/),
		expect.stringMatching(/^Call call_\w+ to Ravi was placed$/),
	]);
	expect(jsonOf(run, 'Ask for the Right Number').map(({ name }) => name)).toEqual(['Meera']);
	expect(jsonOf(run, 'Look It Up in Twenty2').map(({ name }) => name)).toEqual(['Kiran']);
	expect(jsonOf(run, 'Tell the Team').map(({ name }) => name)).toEqual(['Dev']);
	expect(sandbox.seen.perNumber()).toEqual({
		'+919876500001': 1,
		'+919876500002': 1,
		'+919999900602': 1,
	});
});

it('The example call-and-wait branches on how the calls ended', async ({ n8n, credential }) => {
	const created = await imported(n8n, 'call-and-wait.json', { twenty2Api: credential });
	const run = await n8n.runManually(created, manual);
	expect(run.status).toBe('success');
	expect(jsonOf(run, 'Talked')).toEqual([
		expect.objectContaining({
			result: expect.stringMatching(/^Talked for 1 seconds: .*can you hear me/),
		}),
	]);
	expect(jsonOf(run, 'Nobody Answered')).toHaveLength(1);
	expect(jsonOf(run, 'Tell the Team')).toEqual([
		expect.objectContaining({ result: expect.stringMatching(/^INVALID_NUMBER: /) }),
	]);
});

it('The example event-to-row writes into the row how the call ended', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const created = await imported(n8n, 'event-to-row.json', { twenty2Api: credential });
	await n8n.activate(created);
	const caller = await imported(n8n, 'crm-row-to-call.json', { twenty2Api: credential });
	const placed = jsonOf(await n8n.runManually(caller, manual), 'Call Placed');
	const [first] = z.array(z.looseObject({ call_id: z.string() })).parse(placed);
	const webhook = `${n8n.baseUrl}/webhook/twenty2-event-to-row/webhook`;
	const call = sandbox.seen.calls.find(({ call_id }) => call_id === first?.call_id);
	await eventually(
		'The end of the call',
		5,
		async () => Date.now() > (call?.endedAt ?? 0) || undefined,
	);
	await deliver(webhook, sandbox.eventOf(first?.call_id ?? ''));

	const run = await n8n.waitForExecution(created.id);
	expect(run.status).toBe('success');
	expect(jsonOf(run, 'Update the Row')).toEqual([
		expect.objectContaining({
			call_id: first?.call_id,
			phone: '+919876500001',
			status: 'completed',
		}),
	]);
});

it('The example nightly-campaign calls nobody twice a month', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const created = await imported(n8n, 'nightly-campaign.json', { twenty2Api: credential });
	const nobody = await n8n.runManually(created, 'Every Evening at 19:00');
	expect(nobody.status).toBe('success');
	await fillTable(n8n, 'Twenty2 Leads', [
		{ name: 'Asha', phone: '098765 00001' },
		{ name: 'Ravi', phone: '98765 00002' },
		{ name: 'Meera', phone: '98765' },
		{ name: 'Kiran', phone: '99999 00602' },
	]);

	const first = await n8n.runManually(created, 'Every Evening at 19:00');
	const second = await n8n.runManually(created, 'Every Evening at 19:00');
	expect([first, second].map(({ status }) => status)).toEqual(['success', 'success']);
	expect(jsonOf(first, 'Note the Call')).toHaveLength(2);
	// Kiran may have been phoned. The next run neither phones again nor says that a call was placed.
	for (const run of [first, second]) {
		expect(jsonOf(run, 'Note the Reason')).toEqual([
			expect.objectContaining({ name: 'Meera', result: 'Not called: INVALID_NUMBER' }),
			expect.objectContaining({ name: 'Kiran', result: 'May have been called: OUTCOME_UNKNOWN' }),
		]);
	}
	expect(jsonOf(second, 'Called This Month').map(({ name }) => name)).toEqual(['Asha', 'Ravi']);
	expect(sandbox.seen.perNumber()).toEqual({
		'+919876500001': 1,
		'+919876500002': 1,
		'+919999900602': 1,
	});
});

it('The example agent-that-calls phones with the number that the model gives', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const model = await startLanguageModel({ to_number: '+919876500001', customer_name: 'Asha' });
	const account = { apiKey: 'stub', url: model.url };
	const openAi = await n8n.createCredential('openAiApi', 'Model', account);
	const created = await imported(n8n, 'agent-that-calls.json', {
		openAiApi: openAi,
		twenty2Api: credential,
	});
	const trigger = 'When Chat Message Received';
	const run = await n8n.runManually(created, trigger, {
		chatInput: 'Phone Asha at +919876500001',
		sessionId: 'one',
	});
	await model.close();
	expect(run.status).toBe('success');
	expect(sandbox.seen.perNumber()).toEqual({ '+919876500001': 1 });
	expect(sandbox.seen.calls[0]?.input_parameters).toEqual({ customerName: 'Asha' });
	expect(jsonOf(run, 'Agent')).toEqual([
		{ output: expect.stringContaining(sandbox.seen.calls[0]?.call_id ?? '') },
	]);
});

async function fillTable(n8n: N8n, name: string, rows: object[]) {
	const filled = await n8n.createWorkflow(
		workflow(
			`Fill ${name}`,
			[
				ownNode(manual, 'manualTrigger', 1, {}),
				ownNode('Rows', 'set', 3.4, { mode: 'raw', jsonOutput: JSON.stringify({ rows }) }),
				ownNode('One Item a Row', 'splitOut', 1, { fieldToSplitOut: 'rows' }),
				ownNode('Insert', 'dataTable', 1.1, {
					operation: 'insert',
					dataTableId: { __rl: true, mode: 'name', value: name },
					columns: { mappingMode: 'autoMapInputData', value: null },
				}),
			],
			[
				[manual, 0, 'Rows'],
				['Rows', 0, 'One Item a Row'],
				['One Item a Row', 0, 'Insert'],
			],
		),
	);
	const run = await n8n.runManually(filled, manual);
	expect(run.status).toBe('success');
}
