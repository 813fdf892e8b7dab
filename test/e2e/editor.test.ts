/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { Browser } from 'playwright-core';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { startBrowser } from './browser';
import { Editor } from './editor';
import { choicesOf, fieldsOf } from './editorFields';
import { boxAround, boxOf, keepScreenshot, takePicture } from './editorPictures';
import { examples, readExample } from './example';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';

const owner = {
	email: 'owner@example.com',
	firstName: 'Own',
	lastName: 'Er',
	password: `Aa1-${randomUUID()}`,
};
const example = join(examples, 'crm-row-to-call.json');
const good = {
	assistantId: 'asst_demo',
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
};

const phoneAPerson = 'Phone a person (a real call)';

let folder: string;
let n8n: N8n;
let sandbox: Sandbox;
let credential: Credential;
let browser: Browser;
let editor: Editor;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'twenty2-e2e-editor-'));
	browser = await startBrowser();
	const home = { folder: join(folder, 'home'), owner };
	n8n = await startN8nWithNode({ home });
	sandbox = await startSandbox({ requestsPerMinute: 1_000 });
	credential = await n8n.createCredential('twenty2Api', 'Twenty2 account', {
		apiKey: 'sandbox-key',
		baseUrl: sandbox.url,
		requestsPerMinute: 1_000,
	});
	editor = await Editor.open(browser, n8n.baseUrl, owner);
});
afterAll(async () => {
	await browser?.close();
	await n8n?.stop();
	await sandbox?.close();
	await rm(folder, { recursive: true, force: true });
});

/** Creates a workflow with a Twenty2 node and fills in its fields. */
async function fillIn(values: Record<string, string>): Promise<void> {
	await editor.startWith(phoneAPerson);
	await editor.node.chooseCredential(credential.id);
	await editor.node.fill(values);
}

const typeOf = async (node: string) =>
	(await n8n.nodeTypes()).find(({ name }) => name === `n8n-nodes-twenty2.${node}`);

describe('In the editor', () => {
	// For failed tests too.
	afterEach(async ({ task }) => await keepScreenshot(editor.page, task.name));

	it('the panel finds node and trigger, with icon, description and actions', async () => {
		await editor.newWorkflow();
		const entry = await editor.search('twenty2');
		await entry.getByText('Have an AI assistant phone people').waitFor();
		const icon = '[data-test-id="node-creator-action-item"] img';
		const width = `document.querySelector('${icon}').naturalWidth`;
		await expect.poll(async () => await editor.page.evaluate(width)).toBeGreaterThan(0);

		await entry.click();
		await editor.panel.getByText('Actions (3)').click();
		for (const action of [
			...['On call completed', 'On call failed'],
			...[phoneAPerson, 'Get a call', 'Get many calls'],
		]) {
			await editor.panel.getByText(action, { exact: true }).waitFor();
		}
		await keepScreenshot(editor.page, 'the panel shows the actions');
		await editor.panel.getByText(phoneAPerson, { exact: true }).click();
		await editor.node.shown();
		await editor.node.close();
		await editor.canvasNode(phoneAPerson).getByText('Create Call').waitFor();
	});

	it('a credential is told in the words of Twenty2 that its key is wrong, and works with the right one', async () => {
		const before = sandbox.seen.calls.length;
		await editor.startWith(phoneAPerson);
		await editor.newCredential({ apiKey: 'not-a-key', baseUrl: sandbox.url });
		await editor.credential.getByText('More details').click();
		await editor.credential.getByText('API key is missing or invalid').waitFor();
		await keepScreenshot(editor.page, 'a credential has a wrong key');

		await editor.saveCredential({ apiKey: 'sandbox-key' });
		await editor.credential.waitFor({ state: 'hidden' });
		await editor.node.view.getByTestId('credential-edit-button').click();
		await editor.credential.getByText('Connection tested successfully').waitFor();
		expect(sandbox.seen.calls).toHaveLength(before);
	});

	it('a call is placed', async () => {
		await fillIn(good);
		await editor.node.execute();
		await editor.node.output.getByText('call_id').waitFor();

		const [placed] = sandbox.seen.callsTo(good.toNumber);
		await editor.node.output.getByText(placed?.call_id ?? 'no call').waitFor();
		await editor.node.output.getByText('Call queued').waitFor();

		await editor.page.setViewportSize({ width: 1400, height: 930 });
		const input = await boxOf(editor.node.input);
		const output = await boxOf(editor.node.output);
		const x = input.x + input.width;
		await takePicture(editor.page, 'fields', { ...output, x, width: output.x + output.width - x });
	});

	it('an assistant and a number are picked from the calls of a workspace', async () => {
		const account = {
			apiKey: 'sandbox-key',
			apiSecret: 'sandbox-secret',
			workspaceId: 'ws_sandbox',
		};
		const workspace = await n8n.createCredential('twenty2WorkspaceApi', 'Workspace', {
			...account,
			baseUrl: sandbox.url,
			requestsPerMinute: 1_000,
		});
		const basic = Buffer.from(`${account.apiKey}:${account.apiSecret}`).toString('base64');
		const earlier = await fetch(`${sandbox.url}/api/agent/trigger-outbound-call`, {
			method: 'POST',
			headers: {
				authorization: `Basic ${basic}`,
				'x-workspace-id': account.workspaceId,
				'content-type': 'application/json',
			},
			body: JSON.stringify({
				agent_id: 'asst_demo',
				callee_phone: '9876543211',
				caller_phone: '7971441943',
				input_parameters: {},
			}),
		});
		expect(earlier.ok).toBe(true);
		const before = sandbox.seen.calls.length;

		await editor.startWith(phoneAPerson);
		// Its credential sets Authentication, which n8n does not show.
		await editor.node.chooseCredential(workspace.id);
		await editor.node.pickFromList('assistantId', /asst_demo/);
		await editor.node.pickFromList('fromNumber', /\+917971441943/);
		await editor.node.fill({ toNumber: good.toNumber });
		await editor.node.execute();
		await editor.node.output.getByText('Call initiated').waitFor();
		const [placed] = sandbox.seen.calls.slice(before);
		expect(placed).toMatchObject({ number: good.toNumber });
	});

	it('a list without calls says why it is empty, and a number is given By Number', async () => {
		const empty = await startSandbox();
		const workspace = await n8n.createCredential('twenty2WorkspaceApi', 'Empty', {
			...{ apiKey: 'sandbox-key', apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' },
			baseUrl: empty.url,
		});
		await editor.startWith(phoneAPerson);
		await editor.node.chooseCredential(workspace.id);
		const fromNumber = editor.node.field('fromNumber');
		await expect
			.poll(
				async () => await fromNumber.getByTestId('rlc-mode-selector').locator('input').inputValue(),
			)
			.toBe('By Number');
		await editor.node.openList('fromNumber');
		await editor.page
			.getByTestId('rlc-error-message')
			.getByText('there are none yet: choose By Number and paste it.')
			.waitFor();
		await empty.close();
	});

	it('the editor says at night, before anybody is phoned, that Max Wait ends before the calls ring', async () => {
		const { node, page } = editor;
		const hint = node.output.getByText('Max Wait would end before these calls ring');
		const waits = node.field('waitForCompletion').locator('.el-switch');
		await editor.startWith(phoneAPerson);
		await page.clock.setSystemTime('2026-05-22T12:00:00+05:30');
		await waits.click();
		await node.field('output').waitFor();
		expect(await hint.count()).toBe(0);
		await waits.click();
		await page.clock.setSystemTime('2026-05-22T22:00:00+05:30');
		await waits.click();
		await hint.waitFor();
		await keepScreenshot(page, 'Max Wait ends at night');
		await page.clock.setSystemTime(new Date());
	});

	it('a dry run of five rows, two of them bad, shows all five and sends nothing', async () => {
		const rows = ['98765 43210', '+919876543211', '12345', '098765 43212', 'nobody'];
		const code = {
			parameters: {
				jsCode: `return ${JSON.stringify(rows)}.map((phone) => ({ json: { phone } }));`,
			},
			name: 'Rows',
			type: 'n8n-nodes-base.code',
			typeVersion: 2,
			position: [0, 0],
			id: randomUUID(),
		};
		const dry = {
			parameters: {
				...{ assistantId: good.assistantId, fromNumber: good.fromNumber },
				toNumber: '={{ $json.phone }}',
				defaultCountry: 'IN',
				options: { dryRun: true },
			},
			name: 'Dry',
			type: 'n8n-nodes-twenty2.twenty2',
			typeVersion: 1,
			position: [200, 0],
			id: randomUUID(),
			credentials: { twenty2Api: { id: credential.id, name: credential.name } },
		};
		const start = {
			...{ parameters: {}, name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
			...{ typeVersion: 1, position: [-200, 0], id: randomUUID() },
		};
		const to = (node: string) => ({ main: [[{ node, type: 'main', index: 0 }]] });
		const connections = { Start: to('Rows'), Rows: to('Dry') };
		const file = join(folder, 'dry-run.json');
		await writeFile(file, JSON.stringify({ nodes: [start, code, dry], connections }));
		const before = sandbox.seen.requests.length;

		await editor.importWorkflow(file);
		await editor.executeWorkflow();
		await editor.openNode('Dry');
		await editor.node.output.getByText('5 items').waitFor();
		await editor.node.output.getByText('Dry run: nobody was phoned.').waitFor();
		// The editor draws what is in sight only.
		await editor.page.setViewportSize({ width: 1400, height: 3000 });
		await editor.node.showJson();
		await expect
			.poll(async () => (await editor.node.output.innerText()).match(/INVALID_NUMBER/g)?.length)
			.toBe(2);
		expect(sandbox.seen.requests).toHaveLength(before);
	});

	it('an item that fails leaves by the error output, with its code', async () => {
		await fillIn({ ...good, toNumber: '12345' });
		await editor.node.onError('Continue (using error output)');
		await editor.node.execute();
		await editor.node.showJson('Error Branch (1 item)');
		await editor.node.output.getByText('"INVALID_NUMBER"').waitFor();
		await editor.node.close();
		for (const output of ['Success', 'Error']) {
			await editor.canvasNode(phoneAPerson).getByText(output, { exact: true }).waitFor();
		}
	});

	it('a no-code builder reads why the node stopped, and what to do', async () => {
		await fillIn({ ...good, assistantId: 'asst_nobody' });
		await editor.node.execute();
		const { output } = editor.node;
		await output.getByTestId('node-error-message').waitFor();
		expect(await output.getByTestId('node-error-message').innerText()).toBe(
			'Twenty2: The assistant does not exist or is not published. No call was placed.',
		);
		expect(await output.getByTestId('node-error-description').innerText()).toBe(
			'Copy the Assistant ID again in Twenty2 (three-dot menu of the assistant) and make sure that the assistant is published.',
		);
		// The technical details are collapsed.
		expect(await output.innerText()).not.toMatch(/NodeApiError|INVALID_|\.js\b|undefined|\{/);
	});

	it('Wait for Completion brings Output and its options', async () => {
		await editor.startWith(phoneAPerson);
		const always = await editor.node.offeredOptions();
		expect(await editor.node.field('output').count()).toBe(0);

		await editor.node.field('waitForCompletion').locator('.el-switch').click();
		await editor.node.field('output').waitFor();
		const offered = await editor.node.offeredOptions();
		expect(offered.filter((name) => !always.includes(name))).toEqual([
			...['Include Transcript', 'Download Recording', 'Max Recording Size (MB)'],
			...['Max Wait (Minutes)', 'Check Every (Seconds)'],
		]);
	});

	it('the fields show an example, and what they are for when asked', async () => {
		const properties = (await typeOf('twenty2'))?.properties ?? [];
		await editor.startWith(phoneAPerson);
		for (const name of ['assistantId', 'fromNumber', 'toNumber']) {
			const field = properties.find((other) => other.name === name);
			const typed = field?.modes?.find(({ type }) => type === 'string');
			const { placeholder = 'none' } = typed ?? field ?? {};
			await editor.node.view.getByPlaceholder(placeholder).waitFor();
			await editor.node.hoverHelp(name);
			await editor.page.getByText(field?.description ?? 'none', { exact: true }).waitFor();
		}
	});

	it('the trigger shows its URL, and what to do with it in the dashboard of Twenty2', async () => {
		await editor.startWith('On call completed');
		const { view } = editor.node;
		await view.getByText('Webhook URLs', { exact: true }).click();
		await view.getByRole('radio', { name: 'Production URL' }).click();
		await view.getByText(`${n8n.baseUrl}/webhook/`).waitFor();
		await view.getByText('in the Twenty2 dashboard under Profile \u2192 Integrations').waitFor();
		await view.getByText('Credential to Verify Events With (Optional)').waitFor();
		await view.getByText('Call Completed').waitFor();
		await view.getByText('Test with the end of a call').waitFor();
		await view.getByText('place a call and wait for its end.').waitFor();
	});

	it.each([
		['agent-asks-first.json', ['Call a Person', 'Model']],
		['agent-that-calls.json', ['Call a Person', 'Model']],
		['call-and-wait.json', ['Call and Wait']],
		['crm-row-to-call.json', ['Call']],
		['event-to-row.json', []],
		['nightly-campaign.json', ['Call']],
		['retry-no-answer.json', ['Call']],
		['wait-without-holding.json', ['Call', 'Look at the Call']],
	])('%s needs nothing but a credential where it is imported', async (file, withCredential) => {
		await editor.importWorkflow(join(examples, file));
		const nodes = (await readExample(file)).nodes.filter(({ type }) => !/stickyNote$/.test(type));
		await expect.poll(async () => await editor.canvasNodes.count()).toBe(nodes.length);
		await expect.poll(async () => await editor.markedNodes()).toEqual(withCredential);
		expect(await editor.notices.allInnerTexts()).toEqual([]);
	});

	it('the example of a CRM sends each row the way of its code', async () => {
		const { node, page } = editor;
		await editor.importWorkflow(example);
		await editor.openNode('Call');
		await node.chooseCredential(credential.id);
		await node.close();
		await editor.executeWorkflow();
		const edges = page.getByTestId('edge-label');
		await expect
			.poll(async () => (await edges.allInnerTexts()).sort())
			.toEqual(['1 item', '1 item', '1 item', '1 item', '1 item', '2 items', '3 items', '5 items']);
		await page.setViewportSize({ width: 900, height: 640 });
		await editor.zoomToFit();
		const drawn = page.locator('.vue-flow__node, [data-test-id="canvas-handle-plus"]');
		await takePicture(page, 'workflow', await boxAround(drawn, 40));

		await page.setViewportSize({ width: 1900, height: 640 });
		await editor.openNode('Call');
		await node.showJson('Error Branch (3 items)');
		await node.output.getByText('"INVALID_NUMBER"').waitFor();
		await takePicture(page, 'result', await boxOf(node.output));
	});
});

describe.each(['twenty2', 'twenty2Trigger'])('The fields of %s', (node) => {
	// n8n shows no description for these fields.
	const withoutDescription = [
		'resource',
		'operation',
		'options',
		'workspaceNotice',
		'waitNotice',
		'dashboardSteps',
	];

	it('say what they are for, and give an example', async () => {
		const type = await typeOf(node);
		const fields = type ? fieldsOf(type) : [];
		expect(fields).not.toEqual([]);
		const unexplained = fields.filter(
			({ field }) => !field.description && !withoutDescription.includes(field.name),
		);
		expect(unexplained.map(({ path }) => path)).toEqual([]);
		// Among them would be the Custom API Call that n8n adds to other nodes.
		const choices = fields.flatMap(choicesOf);
		expect(choices.filter(({ description }) => !description)).toEqual([]);
		const withoutExample = fields.filter(
			({ field }) => field.type === 'string' && !field.placeholder?.startsWith('e.g. '),
		);
		expect(withoutExample.map(({ path }) => path)).toEqual([]);
	});
});
