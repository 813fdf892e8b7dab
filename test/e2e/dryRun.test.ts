import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { jsonOf } from './execution';
import type { Credential, N8n } from './n8n';
import { n8n1, n8n2 } from './n8nVersion';
import { startN8nWithNode } from './n8nWithNode';
import { eventually } from './rest';
import { createCall, leads, leadsOf, phone, webhook, workflow } from './workflow';

/** As Calling Hours takes it, in UTC. */
const timeIn = (seconds: number) =>
	new Date(Date.now() + seconds * 1_000).toISOString().slice(11, 16);

/** Goes on at the time that a refused item names. */
const wait = {
	name: 'Wait',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	position: [0, 0],
	webhookId: 'until-next-allowed',
	parameters: { resume: 'specificTime', dateTime: '={{ $json.error.next_allowed_at }}' },
};

describe.each([n8n2, n8n1])('In n8n $number', (version) => {
	let n8n: N8n;
	let sandbox: Sandbox;
	let credential: Credential;
	beforeAll(async () => {
		n8n = await startN8nWithNode({ version });
	});
	afterAll(async () => {
		await n8n?.stop();
	});
	beforeEach(async () => {
		sandbox = await startSandbox({ refuseConcurrent: false });
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url };
		credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
		return () => sandbox.close();
	});

	it('a dry run of five rows, two of them bad, shows all five and sends nothing', async () => {
		const rows = leads(5);
		Object.assign(rows[1] ?? {}, { phone: '12345' });
		Object.assign(rows[4] ?? {}, { phone: 'ask her' });
		const { run } = await createCampaign(n8n, credential, { options: { dryRun: true } });
		const execution = await run(rows);
		expect(execution.status).toBe('success');
		const bad = { error: { code: 'INVALID_NUMBER', dry_run: true } };
		expect(jsonOf(execution, 'Twenty2')).toMatchObject([
			{ dry_run: true, to_number: phone(0) },
			bad,
			{ dry_run: true, to_number: phone(2) },
			{ dry_run: true, to_number: phone(3) },
			bad,
		]);
		const hints = execution.data.resultData.runData.Twenty2?.[0]?.hints ?? [];
		expect(hints.map(({ message }) => message)).toEqual([
			expect.stringMatching(/^Dry run: nobody was phoned\./),
		]);
		expect(sandbox.seen.requests).toEqual([]);
	});

	const waitingFor = async (path: string, from: string, to: string) => {
		const hours = { from, to, zone: 'fixed', timezone: 'UTC' };
		const created = await n8n.createWorkflow(
			workflow(
				path,
				[
					webhook(path),
					leadsOf,
					createCall(
						credential,
						{ options: { callingHours: { hours } } },
						{ onError: 'continueErrorOutput' },
					),
					wait,
				],
				[
					['Webhook', 0, 'Leads'],
					['Leads', 0, 'Twenty2'],
					['Twenty2', 1, 'Wait'],
					['Wait', 0, 'Twenty2'],
				],
			),
		);
		await n8n.activate(created);
		await n8n.callWebhook(path, { leads: leads(2) });
		return created;
	};

	it('outside of the Calling Hours a Wait node takes the next time, which may be hours away', async () => {
		const from = timeIn(2 * 3_600);
		const { id } = await waitingFor('hours-away', from, timeIn(3 * 3_600));
		const waiting = await eventually('The execution waits', 60, async () => {
			const [summary] = await n8n.executions(id);
			return summary?.status === 'waiting' ? summary : undefined;
		});
		const execution = await n8n.execution(waiting.id);
		const [refused] = jsonOf(execution, 'Twenty2', 1);
		const { next_allowed_at } = Object(refused?.error);
		expect(refused?.error).toMatchObject({ code: 'OUTSIDE_CALLING_HOURS', outcome: 'not_placed' });
		expect(next_allowed_at).toMatch(new RegExp(`T${from}:00\\+00:00$`));
		expect(new Date(String(execution.waitTill)).getTime()).toBe(Date.parse(next_allowed_at));
		expect(sandbox.seen.requests).toEqual([]);
		await n8n.stopExecution(waiting.id);
	});

	it('the person is phoned when that time has come', async () => {
		const { id } = await waitingFor('a-minute-away', timeIn(80), timeIn(3 * 3_600));
		const execution = await n8n.waitForExecution(id);
		expect(execution.data.resultData.runData.Twenty2).toHaveLength(2);
		expect(jsonOf(execution, 'Twenty2')).toHaveLength(2);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1 });
	});
});
