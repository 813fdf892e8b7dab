/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

import { n8n1Core } from './test/engine/n8n1Core';
import { LongestFirst } from './test/longestFirst';

// The node and n8n-core must share one n8n-workflow, as in n8n, or no error is an instance of its
// class; n8n-core takes the CommonJS build.
const alias = { 'n8n-workflow': createRequire(import.meta.url).resolve('n8n-workflow') };
// A path, because the package may not be installed yet.
const n8n1Alias = {
	'n8n-workflow': join(n8n1Core, 'node_modules', 'n8n-workflow', 'dist', 'cjs', 'index.js'),
};

const project = (
	name: string,
	include: string,
	more: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration => ({
	resolve: { alias },
	test: {
		name,
		include: [include],
		server: { deps: { external: [/n8n-workflow/] } },
		// These only end what would hang: a busy machine takes many times as long as an idle one.
		testTimeout: 60_000,
		hookTimeout: 120_000,
		expect: { poll: { timeout: 30_000 } },
		...more,
	},
});

/** The engine tests of what differs between n8n 1 and n8n 2: how n8n starts, stops, repeats, and what it keeps. */
const onBoth = [
	'besideOutput.tags callingHours canceled connect crash credentialPerItem credentialTest deduplication dryRun engine',
	'faults lostAnswers manualRun maxCalls media model n8nAgent nodeState.executionEnd once output.tool proxy stopWorkflow',
	'transport trigger waitForCompletion',
].flatMap((names) => names.split(' '));

const realN8n = {
	testTimeout: 600_000,
	hookTimeout: 1_800_000,
	globalSetup: './test/e2e/prepare.ts',
	// The files of a worker share its n8n (`inN8n` in test/e2e/n8nWithNode.ts), which stops when the worker does.
	isolate: false,
	// With three at a time, two cores are overloaded.
	maxWorkers: 2,
};

export default defineConfig({
	test: {
		reporters: ['default', './test/closingLine.ts'],
		// Many wait for real time, so a machine with two cores has work for more than one of them.
		maxWorkers: 3,
		sequence: { sequencer: LongestFirst },
		projects: [
			// Loading n8n-workflow anew for each file takes longer than the tests.
			project('unit', 'test/unit/**/*.test.ts', { isolate: false }),
			project('simulation', 'test/simulation/**/*.test.ts', { testTimeout: 120_000 }),
			project('engine', 'test/engine/**/*.test.ts'),
			{
				...project('engine-n8n1', `test/engine/{${onBoth.join()}}.test.ts`, {
					env: { N8N_CORE_FOLDER: n8n1Core },
					globalSetup: './test/engine/n8n1Core.ts',
				}),
				resolve: { alias: n8n1Alias },
			},
			project('faults', 'test/faults/**/*.test.ts'),
			project('package', 'test/package/**/*.test.ts', { testTimeout: 120_000 }),
			project('e2e', 'test/e2e/**/*.test.ts', realN8n),
			// What takes longer than a change may wait for: `npm run test:hard`.
			project('hard', 'test/hard/**/*.test.ts', realN8n),
		],
	},
});
