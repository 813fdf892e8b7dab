import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { cached } from './cache';

export const n8nVersion = '2.41.1';
const neededNode = 24;

const nodePackage = `node-${process.platform}-${process.arch}`;

export interface InstalledN8n {
	/** A Node that n8n accepts. */
	node: string;
	/** n8n's command, to be run with it. */
	n8n: string;
}

const nodeFolder = (folder: string) => join(folder, 'node_modules', nodePackage);

/** The last thing an installation makes. */
const complete = (folder: string) => join(folder, 'installed.json');
const native = (folder: string) =>
	join(folder, 'node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node');

async function npm(args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
	console.log(`npm ${args.join(' ')}`);
	const child = spawn('npm', args, {
		cwd,
		env: { ...process.env, ...env },
		stdio: ['ignore', 'inherit', 'inherit'],
	});
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code} in ${cwd}`);
}

async function install(folder: string): Promise<void> {
	await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));

	console.log(`Installing n8n ${n8nVersion} into ${folder}: 2.9 GB, about 4 minutes, once.`);
	// A Kafka module's script downloads sources; nothing here needs it, only SQLite has to be built.
	const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
	await npm(['i', `n8n@${n8nVersion}`, `${nodePackage}@${neededNode}`, ...quiet], folder);
	// A user's settings may forbid scripts altogether, and npm then rebuilds nothing and calls it done.
	await npm(['rebuild', 'sqlite3', '--ignore-scripts=false'], folder, {
		npm_config_nodedir: nodeFolder(folder),
		PATH: [join(nodeFolder(folder), 'bin'), process.env.PATH].join(delimiter),
	});
	if (!existsSync(native(folder))) throw new Error(`sqlite3 was not built in ${folder}`);
	await writeFile(complete(folder), JSON.stringify({ n8n: n8nVersion, at: new Date() }));
}

/** n8n and a Node to run it with, from the cache or, the first time, from the registry. */
export async function installedN8n(): Promise<InstalledN8n> {
	const folder = await cached({
		name: `n8n-${n8nVersion}`,
		// A copy made by hand has no mark; its native module is what npm makes last.
		isIn: async (home) => existsSync(complete(home)) || existsSync(native(home)),
		fetch: install,
	});
	const current = Number(process.versions.node.split('.')[0]);
	return {
		node: current >= neededNode ? process.execPath : join(nodeFolder(folder), 'bin', 'node'),
		n8n: join(folder, 'node_modules', 'n8n', 'bin', 'n8n'),
	};
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	void installedN8n().then(({ node, n8n }) => console.log(`${node} ${n8n}`));
}
