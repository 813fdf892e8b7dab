/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { join } from 'node:path';
import { expect } from 'vitest';

import { deliver } from '../../sandbox';
import { startBrowser } from './browser';
import { createCampaign } from './campaign';
import { Editor } from './editor';
import { examples } from './example';
import { jsonOf } from './execution';
import { defaultOwner } from './n8n';
import { n8n1 } from './n8nVersion';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import {
	createCall,
	errorTrigger,
	leads,
	leadsOf,
	phone,
	setField,
	switchOnCode,
	webhook,
	workflow,
} from './workflow';

const it = inN8n({
	version: n8n1,
	twenty2: { requestsPerMinute: 1_000, refuseConcurrent: false, ringMs: 300, talkMs: 700 },
	limits: { requestsPerMinute: 1_000, concurrentCalls: 3 },
});

const onceEach = (count: number) => Object.fromEntries(leads(count).map((lead) => [lead.phone, 1]));
const noRetries = { options: { maxRetries: 0 } };
const onceNotNow = { kind: 'refuse', status: 400, message: 'Not now', times: 1 } as const;

it('In n8n 1, the connection test tells the truth', async ({ n8n, sandbox }) => {
	const test = async (apiKey: string) =>
		await n8n.testCredential('twenty2Api', { apiKey, baseUrl: sandbox.url });
	expect(await test('sandbox-key')).toMatchObject({ status: 'OK' });
	expect(await test('not-a-key')).toEqual({
		status: 'Error',
		message: expect.stringMatching(/^API key is missing or invalid\. Copy the API key again/),
	});
});

it('In n8n 1, a campaign sends each bad lead its own way, by its code', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const given = leads(25);
	Object.assign(given[3] ?? {}, { phone: 'not a number' });
	sandbox.behave(phone(0), '500 twice');
	sandbox.behave(phone(5), 'refused');
	sandbox.behave(phone(8), '422 other');
	sandbox.behave(phone(13), 'place and cut');
	const codes = ['INVALID_NUMBER', 'VALIDATION_ERROR', 'OUTCOME_UNKNOWN'];
	const created = await n8n.createWorkflow(
		workflow(
			'Campaign',
			[
				webhook('campaign'),
				leadsOf,
				createCall(credential, {}, { onError: 'continueErrorOutput' }),
				switchOnCode(codes),
			],
			[
				['Webhook', 0, 'Leads'],
				['Leads', 0, 'Twenty2'],
				['Twenty2', 1, 'Switch'],
			],
		),
	);
	await n8n.activate(created);
	await n8n.callWebhook('campaign', { leads: given });
	const execution = await n8n.waitForExecution(created.id);

	const good = given.filter((_, row) => ![3, 5, 8, 13].includes(row));
	expect(execution.status).toBe('success');
	expect(jsonOf(execution, 'Twenty2').map(({ call_id }) => call_id)).toEqual(
		good.map((lead) => sandbox.seen.callsTo(lead.phone)[0]?.call_id),
	);
	const rows = codes.map((_, index) => jsonOf(execution, 'Switch', index).map(({ row }) => row));
	expect(rows).toEqual([[3, 5], [8], [13]]);
	expect(new Set(Object.values(sandbox.seen.perNumber()))).toEqual(new Set([1]));
});

it('In n8n 1, a refused connection is NETWORK_ERROR, is retried, and leaves its deduplication key unused', async ({
	n8n,
}) => {
	const account = { apiKey: 'sandbox-key', baseUrl: 'http://127.0.0.1:9' };
	const nobody = await n8n.createCredential('twenty2Api', 'Nobody', account);
	const options = { maxRetries: 1, deduplicationKey: '={{ $json.phone }}' };
	const onError = { onError: 'continueErrorOutput' } as const;
	const { id, run, start } = await createCampaign(n8n, nobody, { options }, onError);
	const first = await run(leads(1));
	await start(leads(1));
	const second = await n8n.waitForExecution(id, { after: first.id });
	const codes = [first, second].map((execution) =>
		jsonOf(execution, 'Twenty2', 1).map(({ error }) => error),
	);

	const refused = { code: 'NETWORK_ERROR', status: null, outcome: 'not_placed', attempts: 2 };
	expect(codes).toMatchObject([[refused], [refused]]);
});

it.for([
	['Retry On Fail', { retryOnFail: true, maxTries: 3, waitBetweenTries: 10 }],
	['Retry execution', {}],
] as const)(
	'In n8n 1, %s phones nobody twice',
	async ([how, settings], { n8n, sandbox, campaign }) => {
		sandbox.behave(phone(4), '500 twice');
		const { run } = await campaign(noRetries, settings);
		let execution = await run(leads(9));
		for (const expected of how === 'Retry execution' ? ['error', 'error'] : []) {
			expect(execution.status).toBe(expected);
			execution = await n8n.retryExecution(execution.id);
		}
		expect(execution.status).toBe('success');
		expect(jsonOf(execution, 'Twenty2')).toHaveLength(9);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(9));
	},
);

it('In n8n 1, an execution whose retry has failed too is retried again and phones nobody twice', async ({
	n8n,
	sandbox,
	campaign,
}) => {
	for (const n of [0, 8]) sandbox.behave(phone(n), onceNotNow);
	const { run } = await campaign(noRetries);
	const failed = await run(leads(9));
	const failedAgain = await n8n.retryExecution(failed.id);
	const again = await n8n.retryExecution(failed.id);
	const done = await n8n.retryExecution(failedAgain.id);

	// What a retry has placed is stored with that retry.
	expect(again.data.resultData.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
	const statuses = [failed, failedAgain, done].map(({ status }) => status);
	expect(statuses).toEqual(['error', 'error', 'success']);
	expect(jsonOf(done, 'Twenty2')).toHaveLength(9);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(9));
});

it('In n8n 1, Retry execution after a restart of n8n phones nobody twice', async ({
	n8n,
	sandbox,
	campaign,
}) => {
	sandbox.behave(phone(7), '500 once');
	const { run } = await campaign(noRetries);
	const failed = await run(leads(9));
	await n8n.restart();
	const done = await n8n.retryExecution(failed.id);
	expect(done.status).toBe('success');
	expect(sandbox.seen.perNumber()).toEqual(onceEach(9));
});

it.for(['at once', 'when the answers are there'])(
	'In n8n 1, Stop, then Retry execution %s, phones nobody at all',
	async (when, { n8n, sandbox, campaign }) => {
		for (const lead of leads(12)) sandbox.behave(lead.phone, { kind: 'slow', ms: 600 });
		const { id, start } = await campaign();
		await start(leads(12));
		await eventually('Some calls', 60, async () => sandbox.seen.requests.length > 5 || undefined);
		const [running] = await n8n.executions(id);
		await n8n.stopExecution(running?.id ?? '');
		const sent = sandbox.seen.requests.length;
		if (when !== 'at once') {
			const answered = () => sandbox.seen.requests.every(({ status }) => status === 200);
			await eventually('The answers', 60, async () => answered() || undefined);
		}
		const retried = await n8n.retryExecution(running?.id ?? '');

		// n8n stores a stopped execution without the node that was running, so there is nothing to do.
		// Until it has stored that, a retry starts over without knowing who was phoned.
		const { status, data } = retried;
		const { error } = data.resultData;
		expect(error?.code).toBe(status === 'error' ? 'OUTCOME_UNKNOWN' : undefined);
		expect(jsonOf(retried, 'Twenty2')).toEqual([]);
		expect((await n8n.execution(running?.id ?? '')).status).toBe('canceled');
		expect(sandbox.seen.requests).toHaveLength(sent);
	},
);

it('In n8n 1, Stop Workflow tells an Error Trigger workflow the code', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const catcher = await n8n.createWorkflow(
		workflow(
			'When it fails',
			[errorTrigger, setField('Code', 'code', '={{ $json.execution.error.code }}')],
			[['Error Trigger', 0, 'Code']],
		),
	);
	const created = await n8n.createWorkflow(
		workflow(
			'With error workflow',
			[webhook('with-error-workflow'), leadsOf, createCall(credential)],
			[
				['Webhook', 0, 'Leads'],
				['Leads', 0, 'Twenty2'],
			],
			{ errorWorkflow: catcher.id },
		),
	);
	await n8n.activate(created);
	sandbox.behave(phone(2), 'refused');
	await n8n.callWebhook('with-error-workflow', { leads: leads(3) });
	const failed = await n8n.waitForExecution(created.id);
	const caught = await n8n.waitForExecution(catcher.id);

	expect(jsonOf(caught, 'Code')).toMatchObject([{ code: 'INVALID_NUMBER' }]);
	expect(failed.data.resultData.error).toMatchObject({
		name: 'NodeApiError',
		httpCode: '400',
		code: 'INVALID_NUMBER',
		message: expect.stringMatching(/\. 2 calls were already placed\.$/),
		context: { itemIndex: 2, data: { error: { outcome: 'not_placed' } } },
	});
});

it('In n8n 1, Wait for Completion gives how the calls went', async ({ sandbox, campaign }) => {
	const options = { pollIntervalSeconds: 1 };
	const { run } = await campaign({ waitForCompletion: true, options });
	const execution = await run(leads(5));
	expect(jsonOf(execution, 'Twenty2').map(({ status }) => status)).toEqual(
		leads(5).map(() => 'completed'),
	);
	expect(sandbox.seen.mostLive).toBe(3);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(5));
});

it('In n8n 1, the trigger starts a workflow for an event by Twenty2, once', async ({
	n8n,
	sandbox,
	credential,
	campaign,
}) => {
	const { run } = await campaign({ waitForCompletion: true });
	const [call] = jsonOf(await run(leads(1)), 'Twenty2');
	const event = sandbox.eventOf(String(call?.call_id));
	const trigger = {
		name: 'Trigger',
		type: 'n8n-nodes-twenty2.twenty2Trigger',
		typeVersion: 1,
		position: [0, 0],
		webhookId: 'twenty2-events',
		parameters: { options: { secret: 's3cret' } },
		credentials: { twenty2Api: credential },
	};
	const created = await n8n.createWorkflow(
		workflow('Events', [trigger, setField('Next', 'a', 'b')], [['Trigger', 0, 'Next']]),
	);
	await n8n.activate(created);
	const send = async (query: string) =>
		await deliver(`${n8n.baseUrl}/webhook/twenty2-events/webhook${query}`, event);
	await eventually('The webhook', 10, async () => (await send('')).status !== 404 || undefined);
	const answers = [await send(''), await send('?secret=s3cret'), await send('?secret=s3cret')];

	expect(answers.map(({ status }) => status)).toEqual([401, 200, 200]);
	const execution = await n8n.waitForExecution(created.id);
	expect(jsonOf(execution, 'Trigger')).toMatchObject([{ call_id: call?.call_id }]);
	expect(await n8n.executions(created.id)).toHaveLength(1);
});

it('In n8n 1, the editor opens the node with its fields, and imports an example without a warning', async ({
	n8n,
}) => {
	const browser = await startBrowser();
	try {
		const editor = await Editor.open(browser, n8n.baseUrl, defaultOwner);
		await editor.importWorkflow(join(examples, 'crm-row-to-call.json'));
		await expect.poll(async () => await editor.notices.count()).toBe(0);
		await editor.openNode('Call');
		for (const field of ['operation', 'assistantId', 'fromNumber', 'toNumber']) {
			await editor.node.field(field).waitFor();
		}
	} finally {
		await browser.close();
	}
});
