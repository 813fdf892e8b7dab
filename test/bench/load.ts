/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/v4';

import { command } from '../e2e/command';
import type { Bench } from './figure';
import { median } from './median';
import { project } from './project';

const processes = 21;

const packageJson = z.object({
	n8n: z.object({ nodes: z.array(z.string()), credentials: z.array(z.string()) }),
});
const packed = z.tuple([z.object({ unpackedSize: z.number() })]);

/** In a fresh process that has n8n-workflow already, as n8n has when it loads community packages. */
async function loadTime(): Promise<number> {
	const { n8n } = packageJson.parse(
		JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')),
	);
	const files = [...n8n.nodes, ...n8n.credentials].map((file) => `./${file}`);
	const script = `
		require('n8n-workflow');
		const from = performance.now();
		for (const file of ${JSON.stringify(files)}) require(file);
		console.log(performance.now() - from);
	`;
	const times: number[] = [];
	for (let i = 0; i < processes; i++) {
		times.push(Number(await command(process.execPath, ['-e', script], project)));
	}
	return median(times);
}

async function unpackedBytes(): Promise<number> {
	const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
	const [{ unpackedSize }] = packed.parse(JSON.parse(await command('npm', args, project)));
	return unpackedSize;
}

export const load: Bench = {
	name: 'd',
	title: 'loading the package, and its size',
	measure: async () => [
		{
			what: `loading node and credentials, median of ${processes}`,
			value: await loadTime(),
			unit: 'ms',
		},
		{ what: 'unpacked package', value: (await unpackedBytes()) / 1_000, unit: 'kB' },
	],
};
