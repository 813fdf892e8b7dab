import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';

import { cached } from '../e2e/cache';

/** n8n's user folder: what a newcomer builds in the editor is there the next time. */
export async function demoFolder(): Promise<string> {
	const { DEMO_FOLDER: chosen } = process.env;
	if (chosen !== undefined) {
		await mkdir(chosen, { recursive: true });
		return resolve(chosen);
	}
	const isIn = async (folder: string) => existsSync(folder);
	return await cached({ name: 'demo', isIn, fetch: async () => undefined });
}
