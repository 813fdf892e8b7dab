/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { requireDiskSpace } from '../../.ci/diskSpace.mjs';
import { npmInstall } from '../../.ci/npm.mjs';
import { step } from '../../.ci/step.mjs';
import { cached, cacheFolder } from '../e2e/cache';

/** The engine of n8n 1.123.81. */
const coreVersion = '1.122.48';
const workflowVersion = '1.120.31';
const name = `n8n-core-${coreVersion}`;

/** The folder whose node_modules holds n8n 1's engine. It is filled by this file's set-up. */
export const n8n1Core = join(cacheFolder, name);

const complete = (folder: string) => join(folder, 'installed.json');

async function install(folder: string): Promise<void> {
	try {
		await requireDiskSpace(dirname(folder), 0.5);
		await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
		const packages = [`n8n-core@${coreVersion}`, `n8n-workflow@${workflowVersion}`];
		await step(
			`Installing n8n-core ${coreVersion} into ${cacheFolder}: 250 MB, about a minute, only the first time`,
			async () => await npmInstall([...packages, '--ignore-scripts'], folder),
		);
		await writeFile(complete(folder), JSON.stringify({ at: new Date() }));
	} catch (error) {
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
}

/** Runs once before the engine tests on n8n 1. */
export default async function prepare(): Promise<void> {
	await cached({
		name,
		isComplete: async (folder) => existsSync(complete(folder)),
		fetch: install,
	});
}
