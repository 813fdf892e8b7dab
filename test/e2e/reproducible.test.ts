/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { command } from './command';
import { packFolder, project } from './pack';

/** Not copied: too large, or created by the build. */
const excluded = ['node_modules', '.git', 'dist'];

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'twenty2-builds-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Copies the project, builds it in a timezone and under a umask, and packs it. @returns the path of the tarball */
async function builtIn(checkout: string, TZ: string, umask: string): Promise<string> {
	await cp(project, checkout, {
		recursive: true,
		filter: (file) => !excluded.includes(relative(project, file)),
	});
	await symlink(join(project, 'node_modules'), join(checkout, 'node_modules'));
	await command('sh', ['-c', `umask ${umask} && npm run build`], checkout, { TZ });
	return await packFolder(checkout, checkout);
}

const digestOf = async (tarball: string) =>
	createHash('sha512')
		.update(await readFile(tarball))
		.digest('hex');

it('The package is the same to the byte wherever it is built', async () => {
	const there = await builtIn(join(folder, 'some', 'where', 'else'), 'Asia/Kolkata', '077');
	expect(await digestOf(there)).toBe(await digestOf(inject('tarball')));
});
