/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';

import type { Run } from '../engine/engine';
import { callPeople, getWarm } from './builtNode';
import type { Kept } from './kept';
import { withoutLimits } from './withoutLimits';
import { work } from './work';

async function heapUsed(): Promise<number> {
	if (gc === undefined) throw new Error('This process needs --expose-gc');
	// Sockets and timers let go of what they hold a little later, and some only once collected.
	for (let i = 0; i < 4; i++) {
		await delay(50);
		gc();
	}
	return process.memoryUsage().heapUsed;
}

/**
 * The execution is let go first, and its items after it: what the ledger shares with the items is
 * there anyway and does not count.
 */
async function measure(url: string, items: number): Promise<Kept> {
	const held: { run?: Run; items?: unknown } = {};
	const atFirst = await heapUsed();

	held.run = await callPeople(items, url, withoutLimits);
	const withExecution = await heapUsed();

	held.items = [held.run.output('Start'), held.run.success];
	delete held.run;
	const withItems = await heapUsed();

	delete held.items;
	const atLast = await heapUsed();
	return { besideItems: withExecution - withItems, afterwards: atLast - atFirst };
}

/** Sends, for each run, the heap that it kept. */
async function main(): Promise<void> {
	const { url, items, runs } = work();
	await getWarm(url);
	for (let i = 0; i < runs; i++) process.send?.(await measure(url, items));
	process.disconnect();
}

void main();
