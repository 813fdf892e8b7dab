/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { cached } from './cache';
import { command } from './command';
import { unpackDebian } from './debian';

const path = (process.env.PATH ?? '').split(delimiter);

/** The folder and environment of a program from a Debian package. */
export interface Installed {
	/** The folder of the program and of the package's other programs. */
	bin: string;
	/** Environment variables with the paths of its libraries. */
	env: NodeJS.ProcessEnv;
	/** The folder of the unpacked package. Undefined when the machine has the program. */
	unpacked?: string;
}

const foldersIn = async (folder: string) => (existsSync(folder) ? await readdir(folder) : []);

/** Folders of programs. Debian has one per version of PostgreSQL, outside the PATH. */
async function binFolders(root: string): Promise<string[]> {
	const postgres = join(root, 'usr', 'lib', 'postgresql');
	const versions = await foldersIn(postgres);
	return [join(root, 'usr', 'bin'), ...versions.map((version) => join(postgres, version, 'bin'))];
}

async function libraryFolders(root: string): Promise<string[]> {
	const folders = [join(root, 'lib'), join(root, 'usr', 'lib')];
	const architectures = folders.map(async (folder) =>
		(await foldersIn(folder))
			.filter((name) => name.includes('-linux-'))
			.map((name) => join(folder, name)),
	);
	const shared = (await Promise.all(architectures)).flat();
	// libpulse looks for its private library under an absolute path, which is not unpacked into.
	const privateFolders = shared.map((folder) => join(folder, 'pulseaudio'));
	return [...shared, ...privateFolders.filter((folder) => existsSync(folder))];
}

/** A program of a package unpacked into a folder. */
export async function programIn(root: string, program: string): Promise<Installed> {
	const bin = (await binFolders(root)).find((folder) => existsSync(join(folder, program)));
	const libraries = (await libraryFolders(root)).join(delimiter);
	return { bin: bin ?? root, env: { LD_LIBRARY_PATH: libraries }, unpacked: root };
}

async function starts(root: string, program: string): Promise<boolean> {
	const { bin, env } = await programIn(root, program);
	return await command(join(bin, program), ['--version'], root, env).then(
		() => true,
		() => false,
	);
}

/** A program of this machine or, if there is none, of a Debian package in the cache. */
export async function installedProgram(packageName: string, program: string): Promise<Installed> {
	const folders = [...path, ...(await binFolders('/'))];
	const bin = folders.find((folder) => existsSync(join(folder, program)));
	if (bin !== undefined) return { bin, env: {} };

	const root = await cached({
		name: `debian-${packageName}`,
		// The cache may stem from another machine or Debian version, so a library may be missing.
		isComplete: async (folder) => await starts(folder, program),
		fetch: async (folder) => await unpackDebian(packageName, folder),
	});
	return await programIn(root, program);
}
