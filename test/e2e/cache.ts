/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where fetched folders are cached. */
export const cacheFolder = join(
	process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
	'n8n-nodes-twenty2',
);

/** A folder that is fetched once and cached for all later runs. */
export interface Cacheable {
	name: string;
	/** Whether a folder is complete. It may stem from an older run or be a manual copy. */
	isComplete(folder: string): Promise<boolean>;
	/** Fetches the content into an empty folder. */
	fetch(folder: string): Promise<void>;
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/** Removes the folders of interrupted runs, up to 2.9 GB each. */
async function removeLeftovers(prefix: string): Promise<void> {
	for (const name of await readdir(cacheFolder)) {
		const folder = join(cacheFolder, name);
		if (!folder.startsWith(prefix)) continue;
		if (!isRunning(Number(folder.slice(prefix.length)))) {
			await rm(folder, { recursive: true, force: true });
		}
	}
}

/** The cached folder. It is fetched if necessary. Several runs may do this at the same time. */
export async function cached({ name, isComplete, fetch }: Cacheable): Promise<string> {
	const home = join(cacheFolder, name);
	if (await isComplete(home)) return home;

	const prefix = `${home}.installing-`;
	await mkdir(cacheFolder, { recursive: true });
	await removeLeftovers(prefix);
	const folder = `${prefix}${process.pid}`;
	await mkdir(folder);
	await fetch(folder);
	if (!(await isComplete(folder))) throw new Error(`${name} is not complete in ${folder}`);
	try {
		await rename(folder, home);
	} catch (error) {
		// Another run was faster, or an incomplete folder has this name.
		if (await isComplete(home)) {
			await rm(folder, { recursive: true, force: true });
			return home;
		}
		if (!existsSync(home)) throw error;
		await rm(home, { recursive: true, force: true });
		await rename(folder, home);
	}
	return home;
}
