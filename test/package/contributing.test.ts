/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { project } from '../e2e/pack';

const page = await readFile(join(project, 'CONTRIBUTING.md'), 'utf8');

const found = (text: string, pattern: RegExp) =>
	[...text.matchAll(pattern)].map(([, it = '']) => it);

const isMissing = (path: string) => !existsSync(join(project, path));

/** The paths in the map, which is indented by two spaces a folder. Those of folders end in a slash. */
function pathsIn(map: string): string[] {
	const path: string[] = [];
	return map.split('\n').map((line) => {
		const [, indent = '', name = ''] = /^( *)(\S+)/.exec(line) ?? [];
		path.splice(indent.length / 2, Infinity, name);
		return path.join('');
	});
}

/** The files of a folder and of all folders below, from the top of the project. */
async function filesIn(folder: string): Promise<string[]> {
	const entries = await readdir(join(project, folder), { recursive: true, withFileTypes: true });
	return entries
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name).slice(project.length))
		.map((path) => path.replaceAll('\\', '/').replace(/^\//, ''));
}

describe('The map in CONTRIBUTING.md', () => {
	const [map = ''] = found(page, /^## The map$.*?^```text\n(.*?)\n```$/gms);
	const mapped = pathsIn(map);

	it('has every source file, once', async () => {
		const sources = [...(await filesIn('credentials')), ...(await filesIn('nodes/Twenty2'))];
		const mappedSources = mapped.filter((path) => /^(credentials|nodes)\/.*[^/]$/.test(path));
		expect(mappedSources.sort()).toEqual(sources.sort());
	});

	it('names nothing that is not there', () => {
		expect(mapped.length).toBeGreaterThan(60);
		expect(mapped.filter(isMissing)).toEqual([]);
	});
});

describe('Each source file has a test that bears its name', () => {
	/** Where there are types only, there is nothing to run. */
	const runs = (path: string) =>
		/^export (?!type |interface )/m.test(readFileSync(join(project, path), 'utf8'));

	const folders = ['api', 'connection', 'operations', 'policy', 'run', 'trigger'];

	it.each(folders)('in %s/', async (folder) => {
		const sources = await filesIn(`nodes/Twenty2/${folder}`);
		const names = sources.filter(runs).map((path) => basename(path, '.ts'));
		const tests = [...(await filesIn(`test/unit/${folder}`)), ...(await filesIn('test/engine'))];
		const tested = tests.flatMap((path) => found(basename(path), /^(\w+)\b.*\.test\.ts$/g));
		expect(names.length).toBeGreaterThan(5);
		expect(names.filter((name) => !tested.includes(name))).toEqual([]);
	});
});

describe('CONTRIBUTING.md', () => {
	it('names only files that are there', () => {
		const files = found(page, /`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|mjs|json|md|svg))`/g);
		const missing = files.filter((file) => isMissing(file) && isMissing(`nodes/Twenty2/${file}`));
		expect(files.length).toBeGreaterThan(20);
		expect(missing).toEqual([]);
	});

	it('names only commands that package.json has', async () => {
		const manifest: unknown = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
		const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(manifest);
		const commands = found(page, /npm (?:run )?((?:test|start)\b[\w:]*|(?<=run )[\w:]+)/g);
		expect(commands).toContain('build');
		expect(commands.filter((command) => !Object.hasOwn(scripts, command))).toEqual([]);
	});
});
