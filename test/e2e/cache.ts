import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'n8n-nodes-twenty2');

/** Something that is fetched once and kept for all later runs. */
export interface Kept {
	name: string;
	/** Whether a folder has all of it, for one may be an older run's or a copy made by hand. */
	isIn(folder: string): Promise<boolean>;
	/** Fetches it into an empty folder. */
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

/** Up to 2.9 GB each, left by runs that were interrupted. */
async function removeLeftovers(installing: string): Promise<void> {
	for (const name of await readdir(cache)) {
		const folder = join(cache, name);
		if (!folder.startsWith(installing)) continue;
		if (!isRunning(Number(folder.slice(installing.length)))) {
			await rm(folder, { recursive: true, force: true });
		}
	}
}

/** The folder it is kept in; fetched first if need be, also while another run does the same. */
export async function cached({ name, isIn, fetch }: Kept): Promise<string> {
	const home = join(cache, name);
	if (await isIn(home)) return home;

	const installing = `${home}.installing-`;
	await mkdir(cache, { recursive: true });
	await removeLeftovers(installing);
	const folder = `${installing}${process.pid}`;
	await mkdir(folder);
	await fetch(folder);
	if (!(await isIn(folder))) throw new Error(`${name} is not complete in ${folder}`);
	try {
		await rename(folder, home);
	} catch (error) {
		// Another run was faster, or something incomplete is in the way.
		if (await isIn(home)) {
			await rm(folder, { recursive: true, force: true });
			return home;
		}
		if (!existsSync(home)) throw error;
		await rm(home, { recursive: true, force: true });
		await rename(folder, home);
	}
	return home;
}
