/* eslint-disable no-empty-pattern -- vitest reads in the first parameter what a fixture needs */
import { expect } from 'vitest';

import { exampleWith } from './example';
import type { StoredExecution } from './execution';
import { startLanguageModel, type LanguageModel } from './languageModel';
import type { Credential, N8n } from './n8n';
import { inN8n } from './n8nWithNode';

const phone = '+919876500001';

const it = inN8n().extend('model', async ({}, { onCleanup }) => {
	const toolParameters = { to_number: phone, customer_name: 'Asha' };
	const model = await startLanguageModel({ toolParameters, hitlParameters: {} });
	onCleanup(async () => await model.close());
	return model;
});

/** Asks the agent to phone. @returns the execution that waits for a person */
async function asked(n8n: N8n, model: LanguageModel, twenty2Api: Credential) {
	const openAi = { apiKey: 'stub', url: model.url };
	const example = await exampleWith('agent-asks-first.json', {
		openAiApi: await n8n.createCredential('openAiApi', 'Model', openAi),
		twenty2Api,
	});
	const chatInput = `Phone Asha at ${phone}`;
	const trigger = 'When Chat Message Received';
	const created = await n8n.createWorkflow(example);
	const id = await n8n.startManually(created, trigger, { chatInput, sessionId: 'one' });
	return await n8n.waitsAt(id, 'Ask First');
}

/** Clicks a button of the message in the chat. */
async function click(execution: StoredExecution, approved: boolean): Promise<void> {
	const said = JSON.stringify(execution.data.resultData.runData['Ask First']);
	const [link] = said.match(new RegExp(`http[^"\\\\]*approved=${approved}[^"\\\\]*`)) ?? [];
	expect(said).toContain(`May the agent phone Asha at ${phone}?`);
	// n8n takes no approval from what looks like a program that previews links.
	const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' };
	expect((await fetch(link ?? '', { headers })).status).toBe(200);
}

it('An agent that asks first places exactly one call once it is approved, and none before', async ({
	n8n,
	sandbox,
	credential,
	model,
}) => {
	const waiting = await asked(n8n, model, credential);
	expect(sandbox.seen.requests).toEqual([]);
	await click(waiting, true);
	await n8n.waitsAt(waiting.id, 'Answer');
	expect(sandbox.seen.perNumber()).toEqual({ [phone]: 1 });
	expect(sandbox.seen.calls[0]?.input_parameters).toEqual({ customerName: 'Asha' });
	const told = model.requests.at(-1)?.messages.findLast(({ role }) => role === 'tool');
	expect(String(told?.content)).toContain(sandbox.seen.calls[0]?.call_id);
});

it('An agent that asks first places no call when it is declined', async ({
	n8n,
	sandbox,
	credential,
	model,
}) => {
	const waiting = await asked(n8n, model, credential);
	await click(waiting, false);
	await n8n.waitsAt(waiting.id, 'Answer');
	expect(sandbox.seen.requests).toEqual([]);
});
