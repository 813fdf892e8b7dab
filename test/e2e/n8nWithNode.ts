/* eslint-disable no-empty-pattern -- vitest reads in the first parameter what a fixture needs */
import { inject, test } from 'vitest';

import { startSandbox, type SandboxOptions } from '../../sandbox';
import { createCampaign } from './campaign';
import { startN8n, type N8n, type StartOptions } from './n8n';
import { n8n2, type N8nVersion } from './n8nVersion';
import type { Parameters, Settings } from './workflow';

/** Starts n8n with this package installed. */
export async function startN8nWithNode(options: Omit<StartOptions, 'tarball'> = {}): Promise<N8n> {
	return await startN8n({ tarball: inject('tarball'), ...options });
}

/** What runs in this worker. A start of n8n takes longer than most test files. */
const running = new Map<N8nVersion, Promise<N8n>>();

async function shared(version: N8nVersion): Promise<N8n> {
	const n8n = running.get(version) ?? startN8nWithNode({ version });
	running.set(version, n8n);
	return await n8n;
}

async function stopShared(): Promise<void> {
	const all = [...running.values()];
	running.clear();
	for (const n8n of all) await (await n8n).stop();
}

interface Given {
	version?: N8nVersion;
	/** The limits of Twenty2 and the pace of its calls. */
	twenty2?: SandboxOptions;
	/** The limits that the credentials state. */
	limits?: { requestsPerMinute?: number; concurrentCalls?: number };
}

/**
 * Tests in an n8n with this package, which the test files of a worker share. Each test has a Twenty2 of its own, and
 * with it a budget of its own and credentials.
 */
export const inN8n = ({ version = n8n2, twenty2 = {}, limits = {} }: Given = {}) =>
	test
		.extend('n8n', { scope: 'worker' }, async ({}, { onCleanup }) => {
			onCleanup(stopShared);
			return await shared(version);
		})
		.extend('sandbox', async ({}, { onCleanup }) => {
			const sandbox = await startSandbox(twenty2);
			onCleanup(async () => await sandbox.close());
			return sandbox;
		})
		.extend('account', async ({ sandbox }) => ({
			apiKey: 'sandbox-key',
			baseUrl: sandbox.url,
			...limits,
		}))
		.extend(
			'credential',
			async ({ n8n, account }) => await n8n.createCredential('twenty2Api', 'Twenty2', account),
		)
		.extend('workspace', async ({ n8n, account }) => {
			const pair = { apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' };
			return await n8n.createCredential('twenty2WorkspaceApi', 'Twenty2', { ...account, ...pair });
		})
		.extend(
			'campaign',
			({ n8n, credential, workspace }) =>
				async (parameters: Parameters = {}, settings?: Settings, workflowSettings?: object) => {
					const chosen = parameters.authentication === 'workspace' ? workspace : credential;
					return await createCampaign(n8n, chosen, parameters, settings, workflowSettings);
				},
		);
