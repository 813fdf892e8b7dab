/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { median } from '../bench/median';
import { createCampaign, runAgain, type Campaign } from '../e2e/campaign';
import { command } from '../e2e/command';
import { output, type StoredExecution } from '../e2e/execution';
import { printFigure } from '../e2e/figure';
import { installedN8n } from '../e2e/install';
import { startN8n, type N8n } from '../e2e/n8n';
import { leads } from '../e2e/workflow';

/** The tarball of another version of this package, to compare with. */
const other = process.env.MARKS_COMPARED_WITH;

const limits = { requestsPerMinute: 1_000_000, concurrentCalls: 10 };

let sandbox: Sandbox;

beforeAll(async () => {
	sandbox = await startSandbox({ ...limits, refuseConcurrent: false });
});
afterAll(async () => {
	await sandbox?.close();
});

async function campaignIn(n8n: N8n): Promise<Campaign> {
	const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits };
	const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	return await createCampaign(n8n, credential);
}

/** How long the node ran, in milliseconds. */
function timeOf({ status, data }: StoredExecution): number {
	expect(status).toBe('success');
	return z.number().parse(data.resultData.runData.Twenty2?.[0]?.executionTime);
}

const rows = z.array(
	z.object({
		context: z.string(),
		value: z
			.string()
			.transform((value) => z.object({ data: z.array(z.string()) }).parse(JSON.parse(value))),
	}),
);

// The Node that runs n8n has SQLite built in.
const select = `
	const { DatabaseSync } = require('node:sqlite');
	const [database, workflow] = process.argv.slice(1);
	const query = 'SELECT context, value FROM processed_data WHERE workflowId = ?';
	const rows = new DatabaseSync(database, { readOnly: true }).prepare(query).all(workflow);
	console.log(JSON.stringify(rows));
`;

/** What n8n's database holds for a workflow: marks, and rows that lock them. */
async function kept({ userFolder }: N8n, { id }: Campaign) {
	const { node } = await installedN8n();
	const database = join(userFolder, '.n8n', 'database.sqlite');
	const printed = await command(node, ['-e', select, database, id], userFolder);
	const all = rows.parse(JSON.parse(printed));
	const ofWorkflow = all.filter(({ context }) => context === '');
	return {
		marks: ofWorkflow.flatMap(({ value }) => value.data).length,
		locks: all.length - ofWorkflow.length,
	};
}

it('A run of 10,000 leaves at most 20 marks in the database of n8n, and none ten minutes later', async () => {
	const n8n = await startN8n({ tarball: inject('tarball') });
	try {
		const campaign = await campaignIn(n8n);
		const count = 10_000;
		const time = timeOf(await campaign.run(leads(count), 600));
		printFigure({ what: `${count} items without limits`, value: time / 1_000, unit: 's' });
		expect(Object.keys(sandbox.seen.perNumber())).toHaveLength(count);

		const { marks, locks } = await kept(n8n, campaign);
		printFigure({ what: `Marks of a run of ${count}`, value: marks, unit: '', limit: 20 });
		expect(marks).toBeGreaterThan(0);
		expect(locks).toBe(0);
		await delay(10.2 * 60_000);
		expect(await kept(n8n, campaign)).toEqual({ marks: 0, locks: 0 });
	} finally {
		await n8n.stop();
	}
}, 1_800_000);

it('A run of one item and one of 2,000 take little longer for their marks', async () => {
	const tarballs = [inject('tarball'), ...(other === undefined ? [] : [other])];
	const all = await Promise.all(
		tarballs.map(async (tarball) => {
			const n8n = await startN8n({ tarball });
			const campaign = await campaignIn(n8n);
			await campaign.run(leads(1));
			return { n8n, campaign };
		}),
	);
	/** Runs both in turn. @returns the medians, in ms */
	const medians = async (times: number, count: number) => {
		const runs = all.map((each) => ({ ...each, taken: [] as number[], cpu: 0 }));
		for (let n = 0; n < times; n++) {
			for (const run of runs) {
				const before = await run.n8n.cpuSeconds();
				const execution = await runAgain(run.n8n, run.campaign, leads(count));
				run.cpu += (await run.n8n.cpuSeconds()) - before;
				expect(output(execution)).toHaveLength(count);
				run.taken.push(timeOf(execution));
			}
		}
		for (const { cpu } of runs) {
			const what = `CPU time of n8n for an execution of ${count}`;
			printFigure({ what, value: (1_000 * cpu) / times, unit: 'ms' });
		}
		return runs.map(({ taken }) => median(taken));
	};
	try {
		const [one = NaN, oneBefore] = await medians(30, 1);
		printFigure({ what: 'A run of one item', value: one, unit: 'ms' });
		const [many = NaN, manyBefore] = await medians(5, 2_000);
		printFigure({ what: 'A run of 2,000 items', value: many, unit: 'ms' });
		if (oneBefore === undefined || manyBefore === undefined) return;
		const what = 'more than the other version';
		printFigure({ what: `One item: ${what}`, value: one - oneBefore, unit: 'ms', limit: 25 });
		const percent = 100 * (many / manyBefore - 1);
		printFigure({ what: `2,000 items: ${what}`, value: percent, unit: '%', limit: 5 });
	} finally {
		for (const { n8n } of all) await n8n.stop();
	}
}, 1_800_000);
