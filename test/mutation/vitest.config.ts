/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import type { Vite } from 'vitest/node';

import { KeptThread } from './keptThread';

/** Stryker asks for threads. */
const keepsThread: Vite.Plugin = {
	name: 'keeps a thread',
	configureVitest({ project }) {
		project.config.pool = 'kept thread';
		project.config.poolRunner = {
			name: 'kept thread',
			createPoolWorker: (options) => new KeptThread(options),
		};
	},
};

/**
 * Vitest 4.1 gives the suite to `afterAll` as its second argument, and Stryker 9.5 reads the first. Without this,
 * Stryker does not learn which test reaches which mutant, and runs all tests for each.
 */
const reportsCoverage: Vite.Plugin = {
	name: 'reports coverage',
	enforce: 'pre',
	transform: (code, id) =>
		id.includes('stryker-setup')
			? code.replaceAll('afterAll(({ meta })', 'afterAll(({}, { meta })')
			: null,
};

// The tests that mutants have to pass.
export default defineConfig({
	plugins: [keepsThread, reportsCoverage],
	resolve: { alias: { 'n8n-workflow': createRequire(import.meta.url).resolve('n8n-workflow') } },
	test: {
		include: ['test/unit/**/*.test.ts'],
		server: { deps: { external: [/n8n-workflow/] } },
		isolate: false,
		// Stryker ends what hangs.
		testTimeout: 60_000,
	},
});
