/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { requireDiskSpace } from '../../.ci/diskSpace.mjs';
import { npm, npmInstall } from '../../.ci/npm.mjs';
import { step } from '../../.ci/step.mjs';
import { reportError, UserError } from '../../.ci/userError.mjs';
import { cached } from './cache';
import { n8n1, n8n2, type N8nVersion } from './n8nVersion';

const neededNode = 24;

const nodePackage = `node-${process.platform}-${process.arch}`;
// Without scripts: the script of a Kafka module downloads sources, which no test needs.
const packages = ({ number }: N8nVersion) => [
	`n8n@${number}`,
	`${nodePackage}@${neededNode}`,
	'--ignore-scripts',
];

export interface InstalledN8n {
	/** The path of a Node that n8n accepts. */
	node: string;
	/** The path of n8n's script, which this Node runs. */
	n8n: string;
}

const nodeFolder = (folder: string) => join(folder, 'node_modules', nodePackage);

/** The last file that an installation writes. */
const complete = (folder: string) => join(folder, 'installed.json');
const native = (folder: string) =>
	join(folder, 'node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node');

/** Installs n8n and builds SQLite. A failed installation is removed. */
async function install(version: N8nVersion, folder: string): Promise<void> {
	const { number, size, overrides } = version;
	try {
		const cache = dirname(folder);
		await requireDiskSpace(cache, size + 0.6);
		await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, overrides }));
		await step(
			`Installing n8n ${number} into ${cache}: ${size} GB, about 4 minutes, only the first time`,
			async () => await npmInstall(packages(version), folder),
		);
		await step('Building SQLite for it', async () => await build(folder));
		await writeFile(complete(folder), JSON.stringify({ n8n: number, at: new Date() }));
	} catch (error) {
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
}

async function build(folder: string): Promise<void> {
	// A user's npm configuration may disable scripts. npm then rebuilds nothing and reports success.
	const rebuild = ['rebuild', 'sqlite3', '--ignore-scripts=false'];
	const environment = {
		npm_config_nodedir: nodeFolder(folder),
		PATH: [join(nodeFolder(folder), 'bin'), process.env.PATH].join(delimiter),
	};
	const cause: unknown = await npm(rebuild, folder, environment).catch((error: unknown) => error);
	if (existsSync(native(folder))) return;
	throw new UserError(
		'SQLite, where n8n keeps its data, was neither to be had ready-made nor could it be built: install Python and a C++ compiler (on Debian: apt-get install python3 build-essential), and run this again.',
		{ cause },
	);
}

/** n8n and a Node to run it. The first call installs both from the registry into the cache. */
export async function installedN8n(version = n8n2): Promise<InstalledN8n> {
	const folder = await cached({
		name: `n8n-${version.number}`,
		// A manual copy has no such file. Its native module is what npm builds last.
		isComplete: async (home) => existsSync(complete(home)) || existsSync(native(home)),
		fetch: async (home) => await install(version, home),
	});
	const current = Number(process.versions.node.split('.')[0]);
	return {
		node: current >= neededNode ? process.execPath : join(nodeFolder(folder), 'bin', 'node'),
		n8n: join(folder, 'node_modules', 'n8n', 'bin', 'n8n'),
	};
}

/** Installs the versions that the tests run. */
export async function installAll(): Promise<void> {
	for (const version of [n8n2, n8n1]) await installedN8n(version);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) installAll().catch(reportError);
