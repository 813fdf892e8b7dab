import { statfs } from 'node:fs/promises';

import { Obstacle } from './obstacle.mjs';

const GB = 1e9;

async function freeBytes(folder) {
	const { bavail, bsize } = await statfs(folder);
	return bavail * bsize;
}

/** A full disk is better found before minutes of installing than after. */
export async function expectRoom(folder, needed, free = freeBytes) {
	const left = (await free(folder)) / GB;
	if (left >= needed) return;
	throw new Obstacle(
		`${folder} has ${left.toFixed(1)} GB left on its disk and needs ${needed} GB: make room, and run this again.`,
	);
}
