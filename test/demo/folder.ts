/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';

import { cached } from '../e2e/cache';

/** n8n's user folder. It is kept between starts: `DEMO_FOLDER`, or a folder in the cache. */
export async function demoFolder(): Promise<string> {
	const { DEMO_FOLDER: chosen } = process.env;
	if (chosen !== undefined) {
		await mkdir(chosen, { recursive: true });
		return resolve(chosen);
	}
	const isComplete = async (folder: string) => existsSync(folder);
	return await cached({ name: 'demo', isComplete, fetch: async () => undefined });
}
