import { expect } from 'vitest';

import { exampleWith } from './example';
import { startLanguageModel } from './languageModel';
import type { Credential, N8n } from './n8n';
import { inN8n } from './n8nWithNode';

const it = inN8n();

/**
 * Runs the agent example in n8n with a model that phones this number once.
 * @param turns how many tool calls the model makes in each of its turns
 * @returns the run, the tool as offered to the model, and the tool's results
 */
async function phoneByAgent(
	n8n: N8n,
	twenty2: Credential,
	toNumber: string,
	{
		onError,
		refusals = 0,
		turns = [1],
	}: { onError?: string; refusals?: number; turns?: number[] } = {},
) {
	const given = { to_number: toNumber, customer_name: 'Asha' };
	const model = await startLanguageModel(given, refusals, turns);
	const openAi = await n8n.createCredential('openAiApi', 'Model', { apiKey: 'x', url: model.url });
	const chosen = { openAiApi: openAi, twenty2Api: twenty2 };
	const { nodes, ...example } = await exampleWith('agent-that-calls.json', chosen);
	const created = await n8n.createWorkflow({
		...example,
		nodes: nodes.map((node) =>
			onError && node.name === 'Call a Person' ? { ...node, onError } : node,
		),
	});
	const asked = { chatInput: `Phone Asha at ${toNumber}`, sessionId: 'one' };
	const run = await n8n.runManually(created, 'When Chat Message Received', asked);
	const retry = async () =>
		await n8n.retryExecution(run.id).finally(async () => await model.close());
	if (refusals === 0) await model.close();
	const [first] = model.requests;
	const results = (model.requests.at(-1)?.messages ?? [])
		.filter(({ role }) => role === 'tool')
		.map(({ content }) => String(content));
	return { run, retry, offered: first?.tools?.[0], told: results.at(-1) ?? '', results };
}

it('The tool of an agent is described well enough for a model to fill it in, and tells what came of it', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const { run, offered, told } = await phoneByAgent(n8n, credential, '+919876500001');
	expect(run.status).toBe('success');
	expect(offered?.function).toMatchObject({
		description: 'Phone a person. An assistant speaks with them on your behalf.',
		parameters: {
			properties: {
				to_number: { description: 'The number to phone, with + and country code' },
				customer_name: { description: 'The name of the person' },
			},
			required: ['to_number', 'customer_name'],
		},
	});
	expect(told).toContain(sandbox.seen.callsTo('+919876500001')[0]?.call_id);
});

it('The tool of an agent tells the model in one sentence, with the code, why nobody was phoned', async ({
	n8n,
	credential,
}) => {
	const { run, told } = await phoneByAgent(n8n, credential, '98765');
	expect(run.status).toBe('success');
	expect(JSON.parse(told)).toEqual([
		{
			error:
				'INVALID_NUMBER: To Number is not an international phone number: it needs a + and the ' +
				'country code, and no spaces, e.g. +919876543210, unless Default Country is set (given: “…8765”); no call was placed.',
		},
	]);
});

it('The tool of an agent tells the model when somebody may have been phoned', async ({
	n8n,
	credential,
}) => {
	const { told } = await phoneByAgent(n8n, credential, '+919999900602');
	expect(told).toMatch(/OUTCOME_UNKNOWN: The connection .*; 1 call may have been placed\./);
});

it('The tool of an agent phones nobody again when the agent fails afterwards and the execution is retried', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const { run, retry } = await phoneByAgent(n8n, credential, '+919876500003', { refusals: 1 });
	const done = await retry();
	expect([run, done].map(({ status }) => status)).toEqual(['error', 'success']);
	expect(sandbox.seen.callsTo('+919876500003')).toHaveLength(1);
});

it('The tool of an agent phones a person once whose number the model repeats, in one turn and in the next', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const { run, results } = await phoneByAgent(n8n, credential, '+919876500004', { turns: [2, 1] });
	expect(run.status).toBe('success');
	const calls = sandbox.seen.callsTo('+919876500004');
	expect(calls).toHaveLength(1);
	expect(results).toHaveLength(3);
	for (const result of results) expect(result).toContain(calls[0]?.call_id);
	expect(results.filter((result) => /phoned already.*not phoned again/.test(result))).toHaveLength(
		2,
	);
});

it('The tool of an agent tells the model the same where the workflow is to continue', async ({
	n8n,
	credential,
}) => {
	const { told } = await phoneByAgent(n8n, credential, '98765', {
		onError: 'continueRegularOutput',
	});
	expect(JSON.parse(told)).toEqual([
		{ error: expect.stringMatching(/^INVALID_NUMBER: To Number .*; no call was placed\.$/) },
	]);
});
