import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { median } from '../bench/median';
import { runAgain, type Campaign } from '../e2e/campaign';
import { output } from '../e2e/execution';
import { printFigure } from '../e2e/figure';
import type { Credential, N8n } from '../e2e/n8n';
import { startN8nWithNode } from '../e2e/n8nWithNode';
import {
	createCall,
	leads,
	leadsOf,
	ownNode,
	webhook,
	workflow,
	type Lead,
	type Parameters,
} from '../e2e/workflow';

let n8n: N8n;
let sandbox: Sandbox;
let credential: Credential;

beforeAll(async () => {
	n8n = await startN8nWithNode();
	const limits = { requestsPerMinute: 100_000, concurrentCalls: 3 };
	sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
	const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
	credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
});
afterAll(async () => {
	await n8n?.stop();
	await sandbox?.close();
});

const oncePerPhone = { options: { deduplicationKey: '=november-{{ $json.phone }}' } };

/** Creates a campaign whose workflow already has 10,000 keys, added by Remove Duplicates. */
async function with10000Keys(parameters: Parameters, path: string): Promise<Campaign> {
	const remember = ownNode('Remember', 'removeDuplicates', 2, {
		operation: 'removeItemsSeenInPreviousExecutions',
		logic: 'removeItemsWithAlreadySeenKeyValues',
		dedupeValue: '={{ $json.phone }}',
		options: { scope: 'workflow', historySize: 20_000 },
	});
	const created = await n8n.createWorkflow(
		workflow(
			path,
			[
				webhook(path),
				leadsOf,
				createCall(credential, parameters, { onError: 'continueErrorOutput' }),
				{ ...webhook(`${path}-keys`), name: 'Keys' },
				{ ...leadsOf, name: 'All Leads' },
				remember,
			],
			[
				['Webhook', 0, 'Leads'],
				['Leads', 0, 'Twenty2'],
				['Keys', 0, 'All Leads'],
				['All Leads', 0, 'Remember'],
			],
		),
	);
	await n8n.activate(created);
	const { id } = created;
	const calls = (to: string) => async (given: Lead[]) => {
		await n8n.callWebhook(to, { leads: given });
	};
	const start = calls(path);
	for (let n = 0; n < 10_000; n += 2_000) {
		const part = leads(n + 2_000).slice(n);
		const filled = await runAgain(n8n, { id, start: calls(`${path}-keys`) }, part);
		expect(filled.data.resultData.runData.Remember?.[0]?.data?.main?.[0]).toHaveLength(2_000);
	}
	return { id, start, run: async (given) => await runAgain(n8n, { id, start }, given) };
}

const CREATES = 300;
const timed = z.object({ executionTime: z.number() });

// test/engine asserts the amount of work, which does not depend on the machine.
it('Ten thousand keys let three hundred creates through, and what they add is told', async () => {
	const deduplicated = await with10000Keys(oncePerPhone, 'ten-thousand');
	const plain = await with10000Keys({}, 'without-keys');
	const took = async ({ run }: Campaign, round: number) => {
		const given = leads(20_000 + CREATES * (round + 1)).slice(-CREATES);
		const execution = await run(given);
		expect(output(execution, 0)).toHaveLength(CREATES);
		return timed.parse(execution.data.resultData.runData.Twenty2?.[0]).executionTime;
	};
	const times = { with: [] as number[], without: [] as number[] };
	for (let round = 0; round < 4; round++) {
		times.without.push(await took(plain, round));
		times.with.push(await took(deduplicated, round));
	}
	// The first round is a warm-up.
	const [ms, msWithout] = [median(times.with.slice(1)), median(times.without.slice(1))];
	const each = (ms - msWithout) / CREATES;
	const secondAnItem = 60_000 / 60;
	printFigure({
		what: `${CREATES} creates without limits with 10,000 keys, in times those without deduplication`,
		value: ms / msWithout,
		unit: '',
	});
	printFigure({
		what: 'What 10,000 keys add to a create, in times the second that it takes at 60 a minute',
		value: each / secondAnItem,
		unit: '',
		// From there on, creates come slower than the limit lets them.
		limit: 1,
	});
	// 20,000 leads go through n8n first, which takes a busy machine minutes.
}, 1_500_000);
