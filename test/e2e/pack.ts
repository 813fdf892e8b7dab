import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/v4';

import { command } from './command';

export const project = fileURLToPath(new URL('../..', import.meta.url));
const packed = z.tuple([z.object({ filename: z.string() })]);

/** The tarball as npm would publish it, of a folder that is ready to be packed. */
export async function packFolder(folder: string, destination: string): Promise<string> {
	const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
	const [{ filename }] = packed.parse(JSON.parse(await command('npm', args, folder)));
	return join(destination, filename);
}

/** Builds this package and packs it; gives the tarball's path. */
export async function packProject(destination: string): Promise<string> {
	await command('npm', ['run', 'build'], project);
	return await packBuilt(destination);
}

/** Packs this package as it was built before. */
export async function packBuilt(destination: string): Promise<string> {
	return await packFolder(project, destination);
}
