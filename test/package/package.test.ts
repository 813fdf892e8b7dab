/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { sublimeSearch } from '@n8n/utils/search/sublime-search';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { command } from '../e2e/command';
import { core } from '../engine/n8nCore';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { Twenty2Trigger } from '../../nodes/Twenty2/Twenty2Trigger.node';
import { outputSchemas as ofOperations } from '../../nodes/Twenty2/operations/outputSchemas';
import { outputSchemas as ofTrigger } from '../../nodes/Twenty2/trigger/outputSchemas';
import { packFolder, project } from '../e2e/pack';

const scanned = z.object({
	scan: z.object({ passed: z.boolean(), details: z.optional(z.string()) }),
	files: z.number(),
	messages: z.array(z.string()),
});

const manifest = z.object({
	scripts: z.record(z.string(), z.string()),
	n8n: z.object({ strict: z.boolean() }),
});

const outputSchemas = { ...ofOperations, ...ofTrigger };

describe('The package', () => {
	let folder: string;
	let unpacked: string;
	let files: string[];

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'twenty2-package-'));
		await command('tar', ['-xzf', await packFolder(project, folder)], folder);
		unpacked = join(folder, 'package');
		const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
		files = entries
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1))
			.sort();
	});
	afterAll(() => rm(folder, { recursive: true }));

	it('has what n8n loads and nothing else', () => {
		const shared = files.filter((file) => file.startsWith('dist/shared/'));
		expect(shared.every((file) => file.endsWith('.js'))).toBe(true);
		expect(files.filter((file) => !shared.includes(file))).toEqual([
			'LICENSE.md',
			'README.md',
			'dist/THIRD_PARTY_NOTICES.txt',
			'dist/credentials/Twenty2Api.credentials.js',
			'dist/credentials/Twenty2WorkspaceApi.credentials.js',
			'dist/nodes/Twenty2/Twenty2.node.js',
			'dist/nodes/Twenty2/Twenty2.node.json',
			'dist/nodes/Twenty2/Twenty2Trigger.node.js',
			'dist/nodes/Twenty2/Twenty2Trigger.node.json',
			...Object.keys(outputSchemas)
				.map((file) => `dist/nodes/Twenty2/__schema__/v1.0.0/${file}`)
				.sort(),
			'dist/nodes/Twenty2/twenty2.dark.svg',
			'dist/nodes/Twenty2/twenty2.svg',
			'package.json',
		]);
	});

	it('has the output schema of each operation and of the trigger, where n8n looks for it', () => {
		const nodeDir = join(unpacked, 'dist/nodes/Twenty2');
		const { properties, defaultVersion: version = 0 } = new Twenty2().description;
		const resource = String(properties.find(({ name }) => name === 'resource')?.default);
		const operations = properties.find(({ name }) => name === 'operation')?.options ?? [];
		const names = operations.flatMap((option) => ('value' in option ? [String(option.value)] : []));
		const found = names.map((operation) =>
			core.loadOutputSchema({ nodeDir, version, resource, operation }),
		);
		const triggers = core.loadOutputSchema({ nodeDir, version: 1, versionFallback: true });
		expect([...found, triggers]).toEqual(Object.values(outputSchemas));
		expect(names).toContain('createCall');
	});

	it('passes on the licence of each package that it contains', async () => {
		const notices = await readFile(join(unpacked, 'dist/THIRD_PARTY_NOTICES.txt'), 'utf8');
		const sources = await readdir(join(project, 'nodes'), { recursive: true });
		const texts = await Promise.all(
			sources
				.filter((file) => file.endsWith('.ts'))
				.map(async (file) => await readFile(join(project, 'nodes', file), 'utf8')),
		);
		const imported = texts.flatMap((text) =>
			[...text.matchAll(/from '((?:@[^/']+\/)?[^./'][^/']*)/g)].map(([, name]) => name),
		);
		const present = ['n8n-workflow', 'luxon', 'crypto'];
		const bundled = new Set(imported.filter((name) => name && !present.includes(name)));
		for (const name of [...bundled, 'yocto-queue', 'is-network-error']) {
			const notice = new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n\\n.*\\bcopyright\\b`, 'ims');
			expect(notices).toMatch(notice);
		}
		expect([...bundled]).toContain('zod');
	});

	it('is linted with n8n’s own rules, unchanged, as its strict mode asks', async () => {
		const read = async (file: string) => await readFile(join(project, file), 'utf8');
		const template = 'node_modules/@n8n/node-cli/dist/template/templates/shared/default';
		expect(await read('eslint.config.mjs')).toBe(await read(`${template}/eslint.config.mjs`));
		const { n8n, scripts } = manifest.parse(JSON.parse(await read('package.json')));
		expect(n8n.strict).toBe(true);
		expect(scripts.test).toContain('npm run lint');
		expect(scripts.lint).toMatch(/^n8n-node lint && eslint -c eslint.strict.config.mjs/);
	});

	it('unpacks to at most 420 kB', async () => {
		const sizes = await Promise.all(
			files.map(async (file) => (await stat(join(unpacked, file))).size),
		);
		expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(420_000);
	});

	it('can be read, as n8n’s reviewers have to', async () => {
		const bundle = await readFile(join(unpacked, 'dist/nodes/Twenty2/Twenty2.node.js'), 'utf8');
		expect(bundle).toContain('async function carryOut(');
		// The longest are the numbering plans of the largest countries, each in a line of its own. Three more are of
		// libraries, which are bundled in short syntax.
		const lines = bundle.split('\n').map((line) => line.length);
		expect(Math.max(...lines)).toBeLessThan(2_500);
		expect(lines.filter((length) => length > 500).length).toBeLessThan(23);
	});

	it('has one budget a key for all of its nodes', async () => {
		const bundles = files.filter((file) => file.endsWith('.js'));
		const texts = await Promise.all(
			bundles.map(async (file) => await readFile(join(unpacked, file), 'utf8')),
		);
		expect(texts.filter((text) => text.includes('function budgetOf('))).toHaveLength(1);
	});

	it('is found in the nodes panel, where n8n leaves out what has the category AI', async () => {
		const codex = await readFile(join(unpacked, 'dist/nodes/Twenty2/Twenty2.node.json'), 'utf8');
		const { categories } = z.object({ categories: z.array(z.string()) }).parse(JSON.parse(codex));
		expect(categories).toContain('Communication');
		expect(categories).not.toContain('AI');
	});

	it.each([
		['Twenty2', ['twenty2', 'twentytwo', 'twenty two', 'make a call', 'AI call', 'phone']],
		['Twenty2Trigger', ['twenty2', 'twentytwo', 'twenty two', 'AI call', 'phone', 'call ended']],
	])('is found as n8n’s panel searches (%s)', async (node, searches) => {
		const file = join(unpacked, `dist/nodes/Twenty2/${node}.node.json`);
		const codex = z
			.object({ alias: z.array(z.string()) })
			.parse(JSON.parse(await readFile(file, 'utf8')));
		const entry = { properties: { displayName: 'Twenty2', codex } };
		const scores = searches.map((words) => sublimeSearch(words, [entry])[0]?.score ?? 0);
		// Letters that only happen to be there in this order are worth far less.
		expect(Math.min(...scores)).toBeGreaterThan(200);
	});

	it('tells n8n’s AI builder when to take its nodes, and how', () => {
		for (const { description } of [new Twenty2(), new Twenty2Trigger()]) {
			const { searchHint, relatedNodes } = description.builderHint ?? {};
			expect(searchHint).toMatch(/Twenty2 \(TwentyTwo, twentytwo\.in\)/);
			expect(relatedNodes?.length).toBeGreaterThan(0);
		}
	});

	it.each([
		['the sources', () => project, ['package.json', '{nodes,credentials}/**/*.{js,ts,json}']],
		['the unpacked tarball', () => unpacked, ['**/*.js', 'package.json']],
		['all of the unpacked tarball', () => unpacked, ['**/*.js', '**/*.ts', '**/*.json']],
	])('passes n8n’s verification scan of %s without a warning', async (_, of, patterns) => {
		const scan = fileURLToPath(new URL('scan.mjs', import.meta.url));
		const found = scanned.parse(
			JSON.parse(
				await command(process.execPath, [scan, of(), ...patterns], project, { NODE_ENV: '' }),
			),
		);
		expect(found).toMatchObject({ scan: { passed: true }, messages: [] });
		expect(found.files).toBeGreaterThan(3);
	});
});
