import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { exampleWith } from './example';
import type { StoredExecution } from './execution';
import { startLanguageModel, type LanguageModel } from './languageModel';
import type { N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';

const phone = '+919876500001';

describe('agent-asks-first: an agent that phones only after a person approved', () => {
	let n8n: N8n;
	let sandbox: Sandbox;
	let model: LanguageModel;

	beforeAll(async () => {
		n8n = await startN8nWithNode();
		sandbox = await startSandbox();
		const toolParameters = { to_number: phone, customer_name: 'Asha' };
		model = await startLanguageModel({ toolParameters, hitlParameters: {} });
	});
	afterAll(async () => {
		await n8n?.stop();
		await sandbox?.close();
		await model?.close();
	});

	/** Asks the agent to phone. @returns the execution that waits for a person */
	async function asked() {
		const openAi = { apiKey: 'stub', url: model.url };
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url };
		const example = await exampleWith('agent-asks-first.json', {
			openAiApi: await n8n.createCredential('openAiApi', 'Model', openAi),
			twenty2Api: await n8n.createCredential('twenty2Api', 'Twenty2', account),
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

	it('places exactly one call once it is approved, and none before', async () => {
		const waiting = await asked();
		expect(sandbox.seen.requests).toEqual([]);
		await click(waiting, true);
		await n8n.waitsAt(waiting.id, 'Answer');
		expect(sandbox.seen.perNumber()).toEqual({ [phone]: 1 });
		expect(sandbox.seen.calls[0]?.input_parameters).toEqual({ customerName: 'Asha' });
		const told = model.requests.at(-1)?.messages.findLast(({ role }) => role === 'tool');
		expect(String(told?.content)).toContain(sandbox.seen.calls[0]?.call_id);
	});

	it('places none when it is declined', async () => {
		const waiting = await asked();
		sandbox.reset();
		await click(waiting, false);
		await n8n.waitsAt(waiting.id, 'Answer');
		expect(sandbox.seen.requests).toEqual([]);
	});
});
