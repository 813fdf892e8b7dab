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
import { examples } from './example';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { ownNode, workflow } from './workflow';

const owner = {
	email: 'owner@example.com',
	firstName: 'Own',
	lastName: 'Er',
	password: `Aa1-${randomUUID()}`,
};
const workspaceAccount = {
	apiKey: 'sandbox-key',
	apiSecret: 'sandbox-secret',
	workspaceId: 'ws_sandbox',
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
let workspace: Credential;
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
	workspace = await n8n.createCredential('twenty2WorkspaceApi', 'Workspace', {
		...{ ...workspaceAccount, baseUrl: sandbox.url, requestsPerMinute: 1_000 },
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

/** Imports a workflow whose node "Call" phones each of these rows. */
async function importRows(
	rows: Array<{ phone: string; name?: string }>,
	options: object,
): Promise<void> {
	const code = `return ${JSON.stringify(rows)}.map((json) => ({ json }));`;
	const parameters = {
		...{ assistantId: good.assistantId, fromNumber: good.fromNumber, defaultCountry: 'IN' },
		...{ toNumber: '={{ $json.phone }}', options },
	};
	const account = { id: credential.id, name: credential.name };
	const file = join(folder, `${randomUUID()}.json`);
	const imported = workflow(
		'Rows to calls',
		[
			ownNode('Start', 'manualTrigger', 1, {}),
			{ ...ownNode('Rows', 'code', 2, { jsCode: code }), position: [200, 0] },
			{
				...{ name: 'Call', type: 'n8n-nodes-twenty2.twenty2', typeVersion: 1, position: [400, 0] },
				...{ parameters, credentials: { twenty2Api: account } },
			},
		],
		[
			['Start', 0, 'Rows'],
			['Rows', 0, 'Call'],
		],
	);
	await writeFile(file, JSON.stringify(imported));
	await editor.importWorkflow(file);
}

const typeOf = async (node: string) =>
	(await n8n.nodeTypes()).find(({ name }) => name === `n8n-nodes-twenty2.${node}`);

describe('In the editor', () => {
	// For failed tests too.
	afterEach(async ({ task }) => await keepScreenshot(editor.page, task.name));

	it('In the editor, the panel finds node and trigger, with icon, description and actions', async () => {
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

	it('In the editor, a credential is told in the words of Twenty2 that its key is wrong, and works with the right one', async () => {
		const before = sandbox.seen.calls.length;
		await editor.startWith(phoneAPerson);
		// The new credential is of the kind of the one that is chosen.
		await editor.node.chooseCredential(credential.id);
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

	it('In the editor, a field of a call is mapped before anybody was phoned', async () => {
		const before = sandbox.seen.requests.length;
		await fillIn(good);
		await editor.node.close();
		await editor.addAfter(phoneAPerson, 'Edit Fields');
		await editor.node.input.getByText('usually outputs the following fields').waitFor();
		await editor.node.mapByDragging('call_id');

		const { view } = editor.node;
		expect(await view.getByTestId('assignment-name').locator('input').inputValue()).toBe('call_id');
		expect(await view.getByTestId('assignment-value').innerText()).toContain('{{ $json.call_id }}');
		expect(sandbox.seen.requests).toHaveLength(before);
	});

	it('the steps of “Your first call” in the README phone nobody before the fourth, which places a call', async () => {
		const { node } = editor;
		const before = sandbox.seen.requests.length;
		await fillIn(good);
		await node.addOption('Dry Run');
		await node.execute();
		await node.output.getByText(/^would ring (now|at 9:00 India time)$/).waitFor();
		await keepScreenshot(editor.page, 'the dry run of a first call');
		expect(sandbox.seen.requests).toHaveLength(before);

		await node.removeOption('Dry Run');
		await node.execute();
		await node.output.getByText('call_id').waitFor();

		const [placed] = sandbox.seen.callsTo(good.toNumber);
		await editor.node.output.getByText(placed?.call_id ?? 'no call').waitFor();
		await editor.node.output.getByText('Call queued').waitFor();

		await editor.page.setViewportSize({ width: 1400, height: 930 });
		// n8n has scrolled to the option that was removed.
		await node.view.getByTestId('node-credentials-select').scrollIntoViewIfNeeded();
		const input = await boxOf(editor.node.input);
		const output = await boxOf(editor.node.output);
		const x = input.x + input.width;
		await takePicture(editor.page, 'fields', { ...output, x, width: output.x + output.width - x });
	});

	it('an assistant and a number are picked from the calls of a workspace', async () => {
		const basic = Buffer.from(`${workspaceAccount.apiKey}:${workspaceAccount.apiSecret}`).toString(
			'base64',
		);
		const earlier = await fetch(`${sandbox.url}/api/agent/trigger-outbound-call`, {
			method: 'POST',
			headers: {
				authorization: `Basic ${basic}`,
				'x-workspace-id': workspaceAccount.workspaceId,
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
		const withoutCalls = await n8n.createCredential('twenty2WorkspaceApi', 'Empty', {
			...{ apiKey: 'sandbox-key', apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' },
			baseUrl: empty.url,
		});
		await editor.startWith(phoneAPerson);
		await editor.node.chooseCredential(withoutCalls.id);
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

	it('a dry run of six rows is understood from its first columns, and sends nothing', async () => {
		const { node, page } = editor;
		const { output } = node;
		const inIndia = (hours: number) =>
			new Date(Date.now() + (5.5 + hours) * 3_600_000).toISOString().slice(11, 16);
		const phones = ['98765 43210', '98765 43210', '+81 90 1234 5678', '98765 43211', '98765 43212'];
		const before = sandbox.seen.requests.length;

		await importRows(
			[...phones, '12345'].map((phone) => ({ phone })),
			{
				...{ dryRun: true, maxCalls: 2, deduplicationKey: '={{ $json.phone }}' },
				// An hour before and after now in India; it is later in Japan.
				callingHours: { hours: { from: inIndia(-1), to: inIndia(1) } },
			},
		);
		await editor.executeWorkflow();
		await editor.openNode('Call');
		await page.setViewportSize({ width: 1900, height: 1000 });
		await output.getByText('6 items').waitFor();
		await output.getByText('Dry run: nobody was phoned.').waitFor();
		const rings = expect.stringMatching(/^would ring (now|at 9:00 India time)$/);
		const ringsNow = expect.stringMatching(/^(true|false)$/);
		expect(await node.firstColumns(4)).toEqual([
			['result', 'to_number', 'to_country', 'rings_now'],
			[rings, '+919876543210', 'IN', ringsNow],
			['DUPLICATE_CALL: has the key of item 0', '+919876543210', 'IN', 'false'],
			[
				expect.stringMatching(/^OUTSIDE_CALLING_HOURS: until \w{3} \d\d:\d\d \(Asia\/Tokyo\)$/),
				...['+819012345678', 'JP', 'false'],
			],
			[rings, '+919876543211', 'IN', ringsNow],
			['CALL_LIMIT_REACHED: after 2 calls', '+919876543212', 'IN', 'false'],
			['INVALID_NUMBER: To Number is too short to be a phone number', '12345', 'null', 'false'],
		]);
		expect(sandbox.seen.requests).toHaveLength(before);

		// Its first columns fill the output.
		await page.setViewportSize({ width: 1430, height: 575 });
		await takePicture(page, 'dry-run', await boxOf(output), true);
	});

	it('rows that cannot be called are named before anybody is phoned, and On Error lets the others be phoned', async () => {
		const { node, page } = editor;
		const before = sandbox.seen.calls.length;
		const rows = [
			{ name: 'Asha', phone: '98765 43221' },
			{ name: 'Ravi', phone: '12345' },
			{ name: 'Mina', phone: '98765 43222' },
			{ name: 'Joe', phone: '+1 415 555' },
		];
		await importRows(rows, {});
		await page.getByTestId('execute-workflow-button').click();
		await editor.openNode('Call');
		const message = node.output.getByTestId('node-error-message');
		await message.waitFor();
		expect(await message.innerText()).toBe(
			'2 of 4 numbers cannot be called, and no call was placed. Look at [item 1] first.',
		);
		const description = await node.output.getByTestId('node-error-description').innerText();
		expect(description).toContain('[item 1] To Number is too short to be a phone number');
		expect(description).toContain('[item 3] To Number');
		expect(description).toContain('set On Error in the settings of the node to Continue');
		await keepScreenshot(page, 'two of four numbers cannot be called');
		expect(sandbox.seen.calls).toHaveLength(before);

		await node.onError('Continue');
		await node.execute();
		await node.output.getByText('4 items').waitFor();
		expect(sandbox.seen.calls.slice(before).map(({ number }) => number)).toEqual([
			...['+919876543221', '+919876543222'],
		]);
		await keepScreenshot(page, 'a failed item has the fields of its row');
		const [columns = [], ...cells] = await node.firstColumns(20);
		const names = cells.map((row) => row[columns.indexOf('name')]);
		expect(names.filter((name) => name === 'Ravi' || name === 'Joe')).toHaveLength(2);
		expect(columns).toContain('error');
	});

	it('Calling Hours are by the clock of the person called, unless a timezone is chosen', async () => {
		const { node, page } = editor;
		await editor.startWith(phoneAPerson);
		await node.addOption('Calling Hours');
		const zone = node.field('zone').locator('input');
		await expect.poll(async () => await zone.inputValue()).toBe('Of the Person Called');
		expect(await node.field('timezone').count()).toBe(0);
		await zone.click();
		await page.getByRole('option', { name: 'Fixed' }).click();
		await node.view.getByPlaceholder('e.g. Asia/Kolkata').waitFor();
		await keepScreenshot(page, 'Calling Hours with a fixed timezone');
	});

	it('In the editor, an item that fails leaves by the error output, with its code', async () => {
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

	it('In the editor, a no-code builder reads why the node stopped, and what to do', async () => {
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

	it('In the editor, Wait for Completion brings Output and its options', async () => {
		await editor.startWith(phoneAPerson);
		const always = await editor.node.offeredOptions();
		expect(await editor.node.field('output').count()).toBe(0);

		await editor.node.field('waitForCompletion').locator('.el-switch').click();
		await editor.node.field('output').waitFor();
		const offered = await editor.node.offeredOptions();
		expect(offered.filter((name) => !always.includes(name))).toEqual([
			...[
				'Include Transcript',
				'Download Recording',
				'Max Wait (Minutes)',
				'Check Every (Seconds)',
			],
		]);
	});

	it('In the editor, the fields show an example, and what they are for when asked', async () => {
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

	it('In the editor, the trigger shows its URL, and what to do with it in the dashboard of Twenty2', async () => {
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

	it('In the editor, the example of a CRM sends each row the way of its code', async () => {
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
		'noCountryNotice',
		'dashboardSteps',
	];

	// The name of a country or a day says all.
	const explainedByName = ['defaultCountry', 'days'];

	it(`The fields of ${node} say what they are for, and give an example`, async () => {
		const type = await typeOf(node);
		const fields = type ? fieldsOf(type) : [];
		expect(fields).not.toEqual([]);
		const unexplained = fields.filter(
			({ field }) => !field.description && !withoutDescription.includes(field.name),
		);
		expect(unexplained.map(({ path }) => path)).toEqual([]);
		// Among them would be the Custom API Call that n8n adds to other nodes.
		const choices = fields
			.filter(({ field }) => !explainedByName.includes(field.name))
			.flatMap(choicesOf);
		expect(choices.filter(({ description }) => !description)).toEqual([]);
		const withoutExample = fields.filter(
			({ field }) => field.type === 'string' && !field.placeholder?.startsWith('e.g. '),
		);
		expect(withoutExample.map(({ path }) => path)).toEqual([]);
	});
});
