/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/v4';

/** What a process of its own is to measure, and how often. */
export interface Work {
	url: string;
	items: number;
	runs: number;
}

const given = z
	.tuple([z.string(), z.coerce.number(), z.coerce.number()])
	.transform(([url, items, runs]): Work => ({ url, items, runs }));

/** The work of this process. */
export const work = (): Work => given.parse(process.argv.slice(2));

/**
 * Has work done in a fresh process.
 * @param module in this folder; sends each result to its parent
 */
export async function done<T>(
	module: string,
	{ url, items, runs }: Work,
	result: z.ZodType<T>,
): Promise<T[]> {
	const path = fileURLToPath(new URL(module, import.meta.url));
	const child = fork(path, [url, String(items), String(runs)], {
		execArgv: [...process.execArgv, '--expose-gc'],
	});
	const results: T[] = [];
	child.on('message', (message) => results.push(result.parse(message)));
	const [code] = await once(child, 'close');
	if (code !== 0) throw new Error(`${module} ended with ${code}`);
	return results;
}
