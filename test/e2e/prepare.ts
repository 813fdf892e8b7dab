/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

import { installAll } from './install';
import { packProject } from './pack';

declare module 'vitest' {
	export interface ProvidedContext {
		/** The path of this package's tarball, as npm would publish it. */
		tarball: string;
	}
}

/**
 * Runs once before all test files: installs n8n, unless `N8N_BIN` is one, and packs this package, unless `PACKED`
 * is its tarball.
 */
export default async function prepare({ provide }: TestProject): Promise<() => Promise<void>> {
	if (process.env.N8N_BIN === undefined) await installAll();
	if (process.env.PACKED !== undefined) {
		provide('tarball', process.env.PACKED);
		return async () => undefined;
	}
	const folder = await mkdtemp(join(tmpdir(), 'twenty2-packed-'));
	const remove = async () => await rm(folder, { recursive: true, force: true });
	try {
		provide('tarball', await packProject(folder));
		return remove;
	} catch (error) {
		await remove();
		throw error;
	}
}
