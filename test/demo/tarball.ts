/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { packBuilt, packProject, project } from '../e2e/pack';

const sources = ['nodes', 'credentials', 'package.json', 'package-lock.json', 'gulpfile.js'];
const built = 'dist/nodes/Twenty2/Twenty2.node.js';

/** The latest change of a file, or of a folder and its content. A removal changes the folder. */
async function changed(path: string): Promise<number> {
	const { mtimeMs } = await stat(path);
	const inside = await readdir(path, { recursive: true }).catch(() => []);
	const times = inside.map(async (name) => (await stat(join(path, name))).mtimeMs);
	return Math.max(mtimeMs, ...(await Promise.all(times)));
}

async function isBuilt(): Promise<boolean> {
	const builtAt = await changed(join(project, built)).catch(() => 0);
	const changes = await Promise.all(
		sources.map(async (path) => await changed(join(project, path))),
	);
	return changes.every((at) => at < builtAt);
}

/** Packs the current node. Builds only when a source has changed. @returns the tarball's path */
export async function tarball(destination: string): Promise<string> {
	return (await isBuilt()) ? await packBuilt(destination) : await packProject(destination);
}
