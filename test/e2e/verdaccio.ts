/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { npm } from '../../.ci/npm.mjs';
import { step } from '../../.ci/step.mjs';
import { cached } from './cache';

const version = '6.10.4';
const packages = [`verdaccio@${version}`, '--ignore-scripts'];

const project = {
	private: true,
	// Some registries no longer have the exact version that verdaccio depends on.
	overrides: { 'node-fetch': '2.7.0' },
};

const bin = (folder: string) => join(folder, 'node_modules', 'verdaccio', 'bin', 'verdaccio');

/** The last file that an installation writes. */
const complete = (folder: string) => join(folder, 'installed.json');

async function install(folder: string): Promise<void> {
	try {
		await writeFile(join(folder, 'package.json'), JSON.stringify(project));
		await step(
			`Installing a registry into ${dirname(folder)}: 60 MB, about 40 seconds, only the first time`,
			async () => await npm(['install', ...packages], folder),
		);
		await writeFile(complete(folder), JSON.stringify({ verdaccio: version, at: new Date() }));
	} catch (error) {
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
}

/** The path of verdaccio's script. The first call installs it from npm's registry into the cache. */
export async function installedVerdaccio(): Promise<string> {
	const folder = await cached({
		name: `verdaccio-${version}`,
		isComplete: async (home) => existsSync(complete(home)),
		fetch: install,
	});
	return bin(folder);
}
