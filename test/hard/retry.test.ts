/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- never part of the package */
import { describe, expect } from 'vitest';

import { seeded } from '../simulation/seeded';
import { printFigure } from '../e2e/figure';
import type { N8n } from '../e2e/n8n';
import { inN8n } from '../e2e/n8nWithNode';
import { n8n1 } from '../e2e/n8nVersion';
import { cutOffAndRetry, LEADS, TRANCHE, type Retrying } from '../e2e/retry';

const rounds = Number(process.env.RETRY_ROUNDS ?? 1);
const seed = Number(process.env.RETRY_SEED ?? 1);

const it = inN8n();
const itInN8n1 = inN8n({ version: n8n1 });

const kill = async (n8n: N8n) => await n8n.crash();
const stop = async (n8n: N8n, executionId: string) => await n8n.stopExecution(executionId);
const stopAndRestart = async (n8n: N8n, executionId: string) => {
	await stop(n8n, executionId);
	await n8n.restart();
};

/** @param inDoubt how many people each cut-off may leave in doubt who were never phoned */
async function checkRounds(
	n8n: N8n,
	what: string,
	inDoubt: number,
	retrying: Retrying,
): Promise<void> {
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

it.for<[string, Retrying]>([
	['kill -9', { cutOffs: [kill] }],
	['kill -9, also of the retry', { cutOffs: [kill, kill] }],
	['kill -9, clicked twice at once', { cutOffs: [kill], clicks: 2 }],
	['Stop', { cutOffs: [stop] }],
	['Stop, also of the retry, clicked twice at once', { cutOffs: [stop, stop], clicks: 2 }],
	['Stop and a restart', { cutOffs: [stopAndRestart] }],
])(
	'Without a key, "Retry execution" phones nobody twice and forgets nobody after %s',
	{ timeout },
	async ([what, retrying], { n8n }) => await checkRounds(n8n, what, TRANCHE, retrying),
);

describe('With a key, "Retry execution" phones everybody once but for those who had a line', () => {
	// A retry waits for a call that was being placed, as long as its request may take.
	const options = { deduplicationKey: '={{ $json.phone }}', requestTimeoutSeconds: 5 };
	const parameters = { options };
	const lines = 3;

	it.for<[string, Retrying]>([
		['kill -9', { cutOffs: [kill], parameters }],
		['Stop, clicked twice at once', { cutOffs: [stop], clicks: 2, parameters }],
	])(
		'With a key, "Retry execution" phones everybody once but for those who had a line, after %s',
		{ timeout },
		async ([what, retrying], { n8n }) =>
			await checkRounds(n8n, `${what}, with a key`, lines, retrying),
	);
});

itInN8n1(
	'In n8n 1, kill -9 and then "Retry execution", clicked twice at once, phones nobody twice and forgets nobody',
	{ timeout },
	async ({ n8n }) =>
		await checkRounds(n8n, 'kill -9, in n8n 1', LEADS, { cutOffs: [kill], clicks: 2 }),
);
