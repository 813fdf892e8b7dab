import { expect } from 'vitest';

import type { Sandbox } from '../../sandbox';
import { runAgain } from './campaign';
import { hasEnded, output, type StoredExecution } from './execution';
import { inN8n } from './n8nWithNode';
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

const limits = { requestsPerMinute: 100_000, concurrentCalls: 3 };
const it = inN8n({ twenty2: { ...limits, refuseConcurrent: false }, limits });

const oncePerPhone = { options: { deduplicationKey: '=november-{{ $json.phone }}' } };
const errorOutput: Settings = { onError: 'continueErrorOutput' };

const removeDuplicates = (name: string, parameters: Parameters) =>
	ownNode(name, 'removeDuplicates', 2, parameters);

const codesOf = (execution: StoredExecution) =>
	output(execution, 1).map(({ json }) => Object(json.error).code);
const duplicates = (count: number) => Array<string>(count).fill('DUPLICATE_CALL');
const onceEach = (given: Lead[]) => Object.fromEntries(given.map((lead) => [lead.phone, 1]));

it('A deduplication key phones nobody twice in the next execution, and in one after a restart', async ({
	n8n,
	sandbox,
	campaign,
}) => {
	const { run, ...again } = await campaign(oncePerPhone, errorOutput);
	const first = await run(leads(5));
	const second = await runAgain(n8n, again, leads(7));
	await n8n.restart();
	const third = await runAgain(n8n, again, leads(9));

	expect([first, second, third].map(codesOf)).toEqual([[], duplicates(5), duplicates(7)]);
	expect(output(third, 0).map(({ pairedItem }) => pairedItem)).toEqual([{ item: 7 }, { item: 8 }]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(9)));
});

it('A deduplication key phones nobody twice in executions that start at once', async ({
	n8n,
	sandbox,
	campaign,
}) => {
	const { id, start } = await campaign(oncePerPhone, errorOutput);
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

it('A deduplication key phones nobody twice until a Remove Duplicates node clears the history of the workflow, as the README says', async ({
	n8n,
	credential,
}) => {
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

it('A deduplication key phones nobody again after n8n was killed while it waited for calls to end', async ({
	n8n,
	sandbox,
	campaign,
}) => {
	sandbox.pace.talkMs = 600_000;
	const { id, start } = await campaign({ ...oncePerPhone, waitForCompletion: true }, errorOutput);
	await start(leads(3));
	// The first look at a call comes after its key was marked as placed.
	await eventually(
		'A look at each call',
		60,
		async () => looksAtCalls(sandbox).size === 3 || undefined,
	);
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

/** The paths of the calls that were looked at. */
const looksAtCalls = ({ seen }: Sandbox) =>
	new Set(seen.requests.filter(({ method }) => method === 'GET').map(({ path }) => path));
