/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- never part of the package */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { seeded } from '../simulation/seeded';
import { printFigure } from './figure';
import type { N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { cutOffAndRetry, TRANCHE, type Retrying } from './retry';

const rounds = Number(process.env.RETRY_ROUNDS ?? 1);
const seed = Number(process.env.RETRY_SEED ?? 1);

let n8n: N8n;

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

const kill = async () => await n8n.crash();
const stop = async (executionId: string) => await n8n.stopExecution(executionId);
const stopAndRestart = async (executionId: string) => {
	await stop(executionId);
	await n8n.restart();
};

/** @param inDoubt how many people each cut-off may leave in doubt who were never phoned */
async function checkRounds(what: string, inDoubt: number, retrying: Retrying): Promise<void> {
	let total = 0;
	for (let round = 0; round < rounds; round++) {
		const retried = await cutOffAndRetry(n8n, seeded(seed + round), retrying);
		console.log(`${what}, seed ${seed + round}: ${JSON.stringify(retried)}`);
		expect(retried).toMatchObject({ phonedTwice: [], forgotten: [] });
		const { length } = retried.neverPhonedInDoubt;
		expect(length).toBeLessThanOrEqual(inDoubt * retrying.cutOffs.length);
		total += length;
	}
	const figure = `${what}: never phoned and in doubt`;
	printFigure({ what: figure, value: total / rounds, unit: 'people' });
}

const timeout = rounds * 300_000;

describe('Without a key, "Retry execution" phones nobody twice and forgets nobody', () => {
	it.each<[string, Retrying]>([
		['kill -9', { cutOffs: [kill] }],
		['kill -9, also of the retry', { cutOffs: [kill, kill] }],
		['kill -9, clicked twice at once', { cutOffs: [kill], clicks: 2 }],
		['Stop', { cutOffs: [stop] }],
		['Stop, also of the retry, clicked twice at once', { cutOffs: [stop, stop], clicks: 2 }],
		['Stop and a restart', { cutOffs: [stopAndRestart] }],
	])('after %s', async (what, retrying) => await checkRounds(what, TRANCHE, retrying), timeout);
});

describe('With a key, "Retry execution" phones everybody once but for those who had a line', () => {
	// A retry waits for a call that was being placed, as long as its request may take.
	const options = { deduplicationKey: '={{ $json.phone }}', requestTimeoutSeconds: 5 };
	const parameters = { options };
	const lines = 3;

	it.each<[string, Retrying]>([
		['kill -9', { cutOffs: [kill], parameters }],
		['Stop, clicked twice at once', { cutOffs: [stop], clicks: 2, parameters }],
	])(
		'after %s',
		async (what, retrying) => await checkRounds(`${what}, with a key`, lines, retrying),
		timeout,
	);
});
