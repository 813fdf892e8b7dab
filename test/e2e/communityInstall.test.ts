/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { command } from './command';
import { startN8n, type N8n, type Workflow } from './n8n';
import { packFolder } from './pack';
import { startRegistry, type Registry } from './registry';
import { createCall, phone, workflow } from './workflow';

const name = 'n8n-nodes-twenty2';
const news = 'What the next version says of itself';

/** A package as "Settings → Community Nodes" shows it. */
const installed = z.object({
	packageName: z.string(),
	installedVersion: z.string(),
	installedNodes: z.array(z.object({ name: z.string() })),
	updateAvailable: z.optional(z.string()),
	failedLoading: z.optional(z.boolean()),
});

const manual = {
	name: 'Manual',
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

let folder: string;
let registry: Registry;
let sandbox: Sandbox;
let n8n: N8n;
let campaign: Workflow;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'twenty2-e2e-install-'));
	registry = await startRegistry();
	sandbox = await startSandbox({ requestsPerMinute: 1_000 });
	n8n = await startN8n({ env: registry.env });
});
afterAll(async () => {
	await n8n?.stop();
	await sandbox?.close();
	await registry?.stop();
	await rm(folder, { recursive: true, force: true });
});

const list = async () => await n8n.rest.call('GET', '/community-packages', z.array(installed));

async function nodes() {
	const types = await n8n.nodeTypes();
	return types.filter((type) => type.name.startsWith(`${name}.`));
}

async function nodeNames() {
	return [...new Set((await nodes()).map((type) => type.name))].sort();
}

/** Runs the workflow and expects one call. */
async function placesCall(): Promise<void> {
	const before = sandbox.seen.calls.length;
	const run = await n8n.runManually(campaign, manual.name);
	expect(run.data.resultData.error).toBeUndefined();
	expect(sandbox.seen.calls).toHaveLength(before + 1);
}

/** Packs the next version of the package, with another description. */
async function packNext(): Promise<{ version: string; tarball: string }> {
	const unpacked = join(folder, 'next');
	await mkdir(unpacked);
	await command('tar', ['-xzf', inject('tarball'), '--strip-components=1'], unpacked);
	const said = await command('npm', ['version', 'patch', '--no-git-tag-version'], unpacked);
	const file = join(unpacked, 'dist', 'nodes', 'Twenty2', 'Twenty2.node.js');
	const code = await readFile(file, 'utf8');
	const type = (await nodes()).find((node) => node.name === `${name}.twenty2`);
	await writeFile(file, code.replace(type?.description ?? '', news));
	return { version: said.trim().replace(/^v/, ''), tarball: await packFolder(unpacked, folder) };
}

describe('The package in a registry', () => {
	it('The package in a registry is installed by its name', async () => {
		expect(await nodeNames()).toEqual([]);
		await registry.publish(inject('tarball'));
		await n8n.rest.call('POST', '/community-packages', installed, { name });

		expect(await nodeNames()).toEqual([
			`${name}.twenty2`,
			`${name}.twenty2Tool`,
			`${name}.twenty2Trigger`,
		]);
		const [shown, ...others] = await list();
		expect(others).toEqual([]);
		expect(shown).toMatchObject({ packageName: name, failedLoading: false });
		expect(shown?.installedNodes.map((node) => node.name).sort()).toEqual([
			'Twenty2',
			'Twenty2 Trigger',
		]);
		expect(shown?.updateAvailable).toBeUndefined();
	});

	it('The package that was installed places calls at once', async () => {
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url };
		const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
		campaign = await n8n.createWorkflow(
			workflow(
				'Call',
				[manual, createCall(credential, { toNumber: phone(1) })],
				[[manual.name, 0, 'Twenty2']],
			),
		);
		await placesCall();
	});

	it('The package that was installed is still there after a restart', async () => {
		await n8n.restart();
		await placesCall();
	});

	it('The package that was installed is updated once there is another version', async () => {
		const next = await packNext();
		await registry.publish(next.tarball);
		expect(await list()).toMatchObject([{ updateAvailable: next.version }]);
		await n8n.rest.call('PATCH', '/community-packages', installed, { name });

		const [shown] = await list();
		expect(shown).toMatchObject({ installedVersion: next.version, failedLoading: false });
		expect(shown?.updateAvailable).toBeUndefined();
		expect((await nodes()).map((type) => type.description)).toContain(news);
		await placesCall();
	});

	it('The package is gone once it is uninstalled', async () => {
		const { status } = await n8n.rest.send('DELETE', `/rest/community-packages?name=${name}`);
		expect(status).toBe(200);
		expect(await list()).toEqual([]);
		expect(await nodeNames()).toEqual([]);
		await n8n.restart();
		expect(await nodeNames()).toEqual([]);
	});
});
