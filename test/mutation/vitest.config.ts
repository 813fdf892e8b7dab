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

// The tests that mutants have to pass.
export default defineConfig({
	plugins: [keepsThread],
	resolve: { alias: { 'n8n-workflow': createRequire(import.meta.url).resolve('n8n-workflow') } },
	test: {
		include: ['test/unit/**/*.test.ts'],
		server: { deps: { external: [/n8n-workflow/] } },
		isolate: false,
		// Stryker ends what hangs.
		testTimeout: 60_000,
	},
});
