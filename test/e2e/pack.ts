/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/v4';

import { command } from './command';

/** The root folder of this project. */
export const project = fileURLToPath(new URL('../..', import.meta.url));
const packed = z.tuple([z.object({ filename: z.string() })]);

/** Packs a folder as npm would publish it. @returns the path of the tarball */
export async function packFolder(folder: string, destination: string): Promise<string> {
	const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
	const [{ filename }] = packed.parse(JSON.parse(await command('npm', args, folder)));
	return join(destination, filename);
}

/** Builds and packs this package. @returns the path of the tarball */
export async function packProject(destination: string): Promise<string> {
	await command('npm', ['run', 'build'], project);
	return await packBuilt(destination);
}

/** Packs this package from the existing build. @returns the path of the tarball */
export async function packBuilt(destination: string): Promise<string> {
	return await packFolder(project, destination);
}
