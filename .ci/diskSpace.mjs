import { statfs } from 'node:fs/promises';

import { UserError } from './userError.mjs';

const GB = 1e9;

async function freeBytes(folder) {
	const { bavail, bsize } = await statfs(folder);
	return bavail * bsize;
}

/** Checks the disk before an installation that takes minutes. */
export async function requireDiskSpace(folder, neededGB, free = freeBytes) {
	const freeGB = (await free(folder)) / GB;
	if (freeGB >= neededGB) return;
	throw new UserError(
		`${folder} has ${freeGB.toFixed(1)} GB left on its disk and needs ${neededGB} GB: make room, and run this again.`,
	);
}
