/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { requireDiskSpace } from '../../.ci/diskSpace.mjs';
import { UserError } from '../../.ci/userError.mjs';
import { listen } from '../../sandbox/listen';
import { credentialType, exampleSchema } from './example';
import { printFigure } from './figure';
import { NpmStart } from './npmStart';
import { listeners, processTree } from './processTree';
import { freePort } from './freePort';
import { project } from './pack';
import { eventually, RestClient } from './rest';

const workflows = z.array(z.object({ id: z.string(), name: z.string(), versionId: z.string() }));
const credentials = z.array(z.object({ id: z.string(), name: z.string(), type: z.string() }));
const credentialTest = z.object({ status: z.string() });
const stored = z.looseObject({ id: z.string(), type: z.string(), data: z.looseObject({}) });
const workflow = z.looseObject({
	nodes: exampleSchema.shape.nodes,
});
const dataTables = z.object({ data: z.array(z.object({ name: z.string() })) });
const anything = z.unknown();

let folder: string;
let demo: NpmStart;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'twenty2-demo-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));
afterEach(async () => {
	demo.signal('SIGINT', { toAll: true });
	await demo.end();
});

async function start(more: NodeJS.ProcessEnv = {}): Promise<{ address: string; seconds: number }> {
	const ports = {
		DEMO_EDITOR_PORT: String(await freePort()),
		DEMO_SANDBOX_PORT: String(await freePort()),
	};
	const startedAt = Date.now();
	demo = new NpmStart({ DEMO_FOLDER: join(folder, 'home'), ...ports, ...more });
	const address = await demo.address();
	return { address, seconds: (Date.now() - startedAt) / 1000 };
}

/** Signs in with the printed email and password. */
async function signedIn(address: string): Promise<RestClient> {
	const rest = new RestClient(address);
	const [, email, password] = /sign in +(\S+) with the password (\S+)/.exec(demo.output) ?? [];
	const login = { emailOrLdapLoginId: email, password };
	await rest.call('POST', '/login', anything, login);
	return rest;
}

async function statusOf(rest: RestClient, id: string): Promise<string> {
	const found = await rest.call('GET', `/credentials/${id}?includeData=true`, stored);
	const body = { credentials: { ...found, name: 'Tested' } };
	return (await rest.call('POST', '/credentials/test', credentialTest, body)).status;
}

const isRunning = (pid: number) => {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
};

/** The names of the workflows in `examples`. */
async function exampleNames(): Promise<string[]> {
	const examples = join(project, 'examples');
	const files = (await readdir(examples)).map(async (file) => {
		const json: unknown = JSON.parse(await readFile(join(examples, file), 'utf8'));
		return z.object({ name: z.string() }).parse(json).name;
	});
	return (await Promise.all(files)).sort();
}

const firstExample = 'Twenty2: CRM row to call';

describe.sequential('npm start', () => {
	it('npm start shows n8n with the node, its credentials and the examples, and ends on Ctrl-C', async () => {
		const { address, seconds } = await start();
		printFigure({ what: 'First start with n8n in the cache', value: seconds, unit: 's' });
		expect(demo.lines).toEqual(
			expect.arrayContaining([
				'5 leads went through it, and 2 calls were placed:',
				expect.stringMatching(/^ {2}Call call_\w+ to Asha was placed$/),
				expect.stringMatching(/^ {2}Call call_\w+ to Ravi was placed$/),
				'  Meera   INVALID_NUMBER    → Ask for the Right Number',
				'  Kiran   OUTCOME_UNKNOWN   → Look It Up in Twenty2',
				'  Dev     HTTP_418          → Tell the Team',
				expect.stringMatching(/^ {2}Base URL +http:\/\/127\.0\.0\.1:\d+$/),
				expect.stringMatching(/^ {2}Twenty2 API +API Key sandbox-key$/),
			]),
		);

		const rest = await signedIn(address);
		const found = await rest.call('GET', '/credentials', credentials);
		expect(found.map(({ type }) => type).sort()).toEqual(['twenty2Api', 'twenty2WorkspaceApi']);
		for (const { id } of found) expect(await statusOf(rest, id)).toBe('OK');
		const examples = await rest.call('GET', '/workflows', workflows);
		expect(examples.map(({ name }) => name).sort()).toEqual(await exampleNames());
		for (const { id } of examples) {
			const { nodes } = await rest.call('GET', `/workflows/${id}`, workflow);
			const ours = nodes.filter(({ type }) => type.startsWith('n8n-nodes-twenty2.'));
			const chosen = ours.map((node) => {
				const key = found.find(({ type }) => type === credentialType(node));
				return { [String(key?.type)]: { id: key?.id, name: key?.name } };
			});
			expect(ours.map((node) => node.credentials)).toEqual(chosen);
		}

		const { id } = await rest.call('GET', '/projects/personal', z.object({ id: z.string() }));
		const tables = await rest.call('GET', `/projects/${id}/data-tables`, dataTables);
		expect(tables.data.map(({ name }) => name).sort()).toEqual([
			'Twenty2 Leads',
			'Twenty2 Retry Leads',
		]);

		const tree = await processTree(demo.pid);
		const open = await listeners(tree);
		expect(open.map(({ port }) => port)).toContain(Number(new URL(address).port));
		expect(open.filter((listener) => listener.address !== 'loopback')).toEqual([]);

		demo.signal('SIGINT', { toAll: true });
		await demo.end();
		await eventually('Everything ending', 60, async () => !tree.some(isRunning) || undefined);
		expect(tree.length).toBeGreaterThan(3);
		await expect(fetch(address)).rejects.toThrow();
	});

	it('npm start starts again with what was made in it, and ends with npm', async () => {
		const { address, seconds } = await start();
		// Installing n8n again would take 5 minutes or more.
		printFigure({ what: 'Second start', value: seconds, unit: 's', limit: 200 });
		expect(demo.lines).toContain('5 leads went through it, and 2 calls were placed:');

		const rest = await signedIn(address);
		const found = await rest.call('GET', '/credentials', credentials);
		expect(found).toHaveLength(2);
		// The sandbox now has another port.
		for (const { id } of found) expect(await statusOf(rest, id)).toBe('OK');
		const examples = await rest.call('GET', '/workflows', workflows);
		expect(examples.map(({ name }) => name).sort()).toEqual(await exampleNames());
		const first = examples.find(({ name }) => name === firstExample);
		const { nodes } = await rest.call('GET', `/workflows/${first?.id}`, workflow);
		await rest.call('PATCH', `/workflows/${first?.id}`, anything, {
			nodes: nodes.slice(0, -1),
			versionId: first?.versionId,
		});

		const tree = await processTree(demo.pid);
		demo.signal('SIGTERM', { toAll: false });
		await demo.end();
		await eventually('Everything ending', 60, async () => !tree.some(isRunning) || undefined);
	});

	it('npm start does not run an example that was changed, and leaves it as it is', async () => {
		const { address } = await start();
		expect(demo.lines).toContain(
			`"${firstExample}" or its credential was changed since, so it was not run.`,
		);
		const rest = await signedIn(address);
		expect(await rest.call('GET', '/workflows', workflows)).toHaveLength(
			(await exampleNames()).length,
		);
	});

	it('npm start ends when it is stopped before it is up', async () => {
		demo = new NpmStart({
			DEMO_FOLDER: join(folder, 'stopped'),
			DEMO_EDITOR_PORT: String(await freePort()),
			DEMO_SANDBOX_PORT: String(await freePort()),
		});
		await eventually(
			'n8n starting',
			300,
			async () => /^Starting n8n/m.test(demo.output) || undefined,
		);
		const tree = await processTree(demo.pid);
		demo.signal('SIGTERM', { toAll: false });
		await demo.end();
		await eventually('Everything ending', 60, async () => !tree.some(isRunning) || undefined);
	});
});

describe.sequential('npm start says in one sentence', () => {
	it('npm start says that a port is taken', async () => {
		const server = createServer();
		const port = await freePort();
		await listen(server, port);
		demo = new NpmStart({
			DEMO_SANDBOX_PORT: String(port),
			DEMO_EDITOR_PORT: String(await freePort()),
		});
		expect(await demo.end()).toBe(1);
		server.close();
		expect(demo.lines).toEqual([
			`Port ${port}, where the Twenty2 sandbox would be, is taken: end what uses it, or choose another with DEMO_SANDBOX_PORT=${port + 1} npm start`,
		]);
	});

	it('npm start says that npm reaches no network', async () => {
		const empty = await mkdtemp(join(folder, 'empty-'));
		demo = new NpmStart({
			DEMO_EDITOR_PORT: String(await freePort()),
			DEMO_SANDBOX_PORT: String(await freePort()),
			XDG_CACHE_HOME: empty,
			npm_config_cache: join(empty, 'npm'),
			npm_config_registry: `http://127.0.0.1:${await freePort()}`,
		});
		expect(await demo.end()).toBe(1);
		expect(demo.lines[0]).toMatch(/^Installing n8n 2\.\d+\.\d+ into /);
		expect(demo.lines.filter((line) => !/^(Installing| {2}\d+ s$)/.test(line))).toEqual([
			'npm did not reach its registry (ECONNREFUSED): go online, or tell npm your proxy or mirror, and run this again.',
		]);
	});

	it('npm start says that the disk is full', async () => {
		const asked = requireDiskSpace('/cache', 3.5, async () => 1.25e9);
		await expect(asked).rejects.toThrow(UserError);
		await expect(asked).rejects.toThrow(
			'/cache has 1.3 GB left on its disk and needs 3.5 GB: make room, and run this again.',
		);
	});

	it.each(['start', 'test'])('npm %s says that Node is too old', async (script) => {
		const packageJson = z.object({ scripts: z.record(z.string(), z.string()) });
		const { scripts } = packageJson.parse(
			JSON.parse(await readFile(join(project, 'package.json'), 'utf8')),
		);
		const pretend = join(folder, 'old.cjs');
		await writeFile(pretend, "Object.defineProperty(process, 'version', { value: 'v18.20.8' });");
		demo = new NpmStart({ NODE_OPTIONS: `--require ${pretend}` }, [
			'sh',
			'-c',
			scripts[script] ?? '',
		]);
		expect(await demo.end()).toBe(1);
		expect(demo.lines).toEqual([
			'Node 18.20.8 is too old for this: install Node 20.19 or newer, for instance from https://nodejs.org, and run this again.',
		]);
	});
});
