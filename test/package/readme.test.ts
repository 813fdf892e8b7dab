/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { project } from '../e2e/pack';

const read = async (file: string) => await readFile(join(project, file), 'utf8');

const found = (text: string, pattern: RegExp) =>
	[...text.matchAll(pattern)].map(([, it = '']) => it);

const isElsewhere = (target: string) => URL.canParse(target);

/** What a page shows or links to in this repository. */
const targetsIn = (page: string) =>
	[...found(page, /\]\(([^)\s]+)\)/g), ...found(page, /\b(?:src|href)="([^"]+)"/g)].filter(
		(target) => !isElsewhere(target),
	);

/** As GitHub makes them of headings. */
const anchorsIn = (page: string) =>
	found(page, /^#+ (.+)$/gm).map((heading) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\w\- ]/g, '')
			.replaceAll(' ', '-'),
	);

const isPicture = (target: string) => /\.(png|svg|jpg|gif)$/.test(target);

const docs = (await readdir(join(project, 'docs'), { recursive: true })).filter((name) =>
	name.endsWith('.md'),
);
const pages = [
	...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'sandbox/README.md'],
	...docs.map((name) => join('docs', name)),
];

describe.each(pages)('%s', (page) => {
	it('leads to nothing that is not there', async () => {
		const targets = targetsIn(await read(page));
		const missing = targets.filter((target) => {
			const [path = ''] = target.split('#');
			return path !== '' && !existsSync(join(project, dirname(page), path));
		});
		expect(missing).toEqual([]);
	});

	it('leads to headings that are there, on this page and on others', async () => {
		const targets = targetsIn(await read(page)).filter((target) => target.includes('#'));
		for (const target of targets) {
			const [path = '', anchor] = target.split('#');
			const other = path === '' ? page : join(dirname(page), path);
			expect(anchorsIn(await read(other)), target).toContain(anchor);
		}
	});
});

/** The pages for users. */
const userPages = pages.filter((page) => /^(README\.md|docs[\\/][\w-]+\.md)$/.test(page));

const wordsIn = (text: string) => text.split(/\s+/).length;

describe('README.md and docs/', () => {
	it('have pictures, each of less than 150 kB', async () => {
		const pictures = await Promise.all(
			userPages.map(async (page) =>
				targetsIn(await read(page))
					.filter(isPicture)
					.map((picture) => join(project, dirname(page), picture)),
			),
		);
		const sizes = await Promise.all(
			pictures.flat().map(async (picture) => (await stat(picture)).size),
		);
		expect(sizes.length).toBeGreaterThan(3);
		expect(Math.max(...sizes)).toBeLessThan(150_000);
	});

	it('have at most 8,000 words together', async () => {
		const texts = await Promise.all(userPages.map(read));
		expect(userPages.length).toBeGreaterThan(6);
		expect(wordsIn(texts.join(' '))).toBeLessThanOrEqual(8_000);
	});

	it('name every code that the node has advice on, and no other', async () => {
		const table = found(await read('docs/errors.md'), /^\| `([A-Z_]+|HTTP_<status>)` +\|/gm);
		const advice = await read('nodes/Twenty2/api/failure.ts');
		const codes = found(advice, /^\t([A-Z_]+):/gm);
		expect(codes).toContain('OUTCOME_UNKNOWN');
		// The first says itself what to do, and any status may come under the second.
		expect(table.sort()).toEqual([...codes, 'INVALID_INPUT', 'HTTP_<status>'].sort());
		const worthABranch = found(await read('README.md'), /^\| `([A-Z_]+)` +\|/gm);
		expect(worthABranch).toHaveLength(6);
		expect(table).toEqual(expect.arrayContaining(worthABranch));
	});
});

describe('README.md', () => {
	it('is read in a few minutes: a picture, then how to install, in at most 1,300 words', async () => {
		const text = await read('README.md');
		const firstScreen = text.split('\n').slice(0, 25).join('\n');
		expect(targetsIn(firstScreen).filter(isPicture)).toHaveLength(1);
		expect(firstScreen).toContain('\n## Install\n');
		expect(wordsIn(text)).toBeLessThanOrEqual(1_300);
	});

	it('has the section that n8n’s help for a credential leads to', async () => {
		const anchors = anchorsIn(await read('README.md'));
		for (const node of ['Twenty2', 'Twenty2Trigger']) {
			const codex = await read(`nodes/Twenty2/${node}.node.json`);
			expect(anchors).toEqual(expect.arrayContaining(found(codex, /#([\w-]+)"/g)));
		}
	});
});

describe.each([
	['Twenty2', ['call', 'phone', 'voice', 'dialer', 'telephony', 'AI agent']],
	['Twenty2Trigger', ['call', 'phone', 'voice', 'telephony', 'webhook', 'call ended']],
])('%s', (node, words) => {
	it('is found in the nodes panel by what people type', async () => {
		const codex: unknown = JSON.parse(await read(`nodes/Twenty2/${node}.node.json`));
		expect(codex).toMatchObject({ alias: expect.arrayContaining(words) });
	});
});
