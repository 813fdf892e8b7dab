import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCampaign, runAgain } from './campaign';
import { hasEnded, output, type StoredExecution } from './execution';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { eventually } from './rest';
import {
	createCall,
	leads,
	leadsOf,
	ownNode,
	webhook,
	workflow,
	type Lead,
	type Parameters,
	type Settings,
} from './workflow';

let n8n: N8n;
let sandbox: Sandbox;
let credential: Credential;

const limits = { requestsPerMinute: 100_000, concurrentCalls: 3 };

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

beforeEach(async () => {
	sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
	const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
	credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	return () => sandbox.close();
});

const oncePerPhone = { options: { deduplicationKey: '=november-{{ $json.phone }}' } };
const errorOutput: Settings = { onError: 'continueErrorOutput' };

const campaign = async (parameters: Parameters = oncePerPhone) =>
	await createCampaign(n8n, credential, parameters, errorOutput);

const removeDuplicates = (name: string, parameters: Parameters) =>
	ownNode(name, 'removeDuplicates', 2, parameters);

const codesOf = (execution: StoredExecution) =>
	output(execution, 1).map(({ json }) => Object(json.error).code);
const duplicates = (count: number) => Array<string>(count).fill('DUPLICATE_CALL');
const onceEach = (given: Lead[]) => Object.fromEntries(given.map((lead) => [lead.phone, 1]));

describe('The deduplication key in n8n phones nobody twice', () => {
	it('in the next execution, and in one after a restart', async () => {
		const { run, ...again } = await campaign();
		const first = await run(leads(5));
		const second = await runAgain(n8n, again, leads(7));
		await n8n.restart();
		const third = await runAgain(n8n, again, leads(9));

		expect([first, second, third].map(codesOf)).toEqual([[], duplicates(5), duplicates(7)]);
		expect(output(third, 0).map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 7 },
			{ item: 8 },
		]);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(9)));
	});

	it('in executions that start at once', async () => {
		const { id, start } = await campaign();
		await Promise.all([1, 2, 3, 4].map(async () => await start(leads(50))));
		await eventually('Four executions', 180, async () => {
			const executions = await n8n.executions(id);
			return (
				(executions.length === 4 && executions.every(({ status }) => status === 'success')) ||
				undefined
			);
		});
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(50)));
		expect(codesOf(await runAgain(n8n, { id, start }, leads(50)))).toEqual(duplicates(50));
	});

	it('until a Remove Duplicates node clears the history of the workflow, as the README says', async () => {
		const [path, forgetPath] = ['forgetting', 'forgetting-all'];
		const forget = removeDuplicates('Forget', {
			operation: 'clearDeduplicationHistory',
			mode: 'cleanDatabase',
			options: { scope: 'workflow' },
		});
		const created = await n8n.createWorkflow(
			workflow(
				path,
				[
					webhook(path),
					leadsOf,
					createCall(credential, oncePerPhone, errorOutput),
					{ ...webhook(forgetPath), name: 'All Over Again' },
					forget,
				],
				[
					['Webhook', 0, 'Leads'],
					['Leads', 0, 'Twenty2'],
					['All Over Again', 0, 'Forget'],
				],
			),
		);
		await n8n.activate(created);
		const { id } = created;
		const start = async (given: Lead[]) => await n8n.callWebhook(path, { leads: given });
		await runAgain(n8n, { id, start }, leads(3));
		const second = await runAgain(n8n, { id, start }, leads(3));
		await runAgain(n8n, { id, start: async () => await n8n.callWebhook(forgetPath) }, []);
		const third = await runAgain(n8n, { id, start }, leads(3));

		expect([second, third].map(codesOf)).toEqual([duplicates(3), []]);
		expect(output(third, 0)).toHaveLength(3);
	});

	it('again after n8n was killed while it waited for calls to end', async () => {
		sandbox.pace.talkMs = 600_000;
		const { id, start } = await campaign({ ...oncePerPhone, waitForCompletion: true });
		await start(leads(3));
		// The first look at a call comes after its key was marked as placed.
		await eventually('A look at each call', 60, async () => looksAtCalls().size === 3 || undefined);
		await n8n.crash();
		// n8n answers requests before it has marked the unfinished executions as crashed.
		const killed = await eventually('The crash being known', 120, async () => {
			const [newest] = await n8n.executions(id);
			return newest && hasEnded(newest) ? newest : undefined;
		});
		const retried = await n8n.retryExecution(killed.id);
		sandbox.pace.talkMs = 0;
		const next = await runAgain(n8n, { id, start }, leads(4));

		expect(killed.status).toBe('crashed');
		expect(codesOf(retried)).toEqual(duplicates(3));
		expect(codesOf(next)).toEqual(duplicates(3));
		expect(output(next, 0)).toHaveLength(1);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(4)));
	});
});

/** The paths of the calls that were looked at. */
const looksAtCalls = () =>
	new Set(sandbox.seen.requests.filter(({ method }) => method === 'GET').map(({ path }) => path));
