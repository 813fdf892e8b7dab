/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, no-console -- never part of the package */
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

import { seeded } from '../simulation/seeded';
import { checkRound, crashAndRunAgain } from '../e2e/crash';
import { printFigure } from '../e2e/figure';
import type { N8n } from '../e2e/n8n';
import { inN8n } from '../e2e/n8nWithNode';

const rounds = Number(process.env.CRASH_ROUNDS ?? 1);
const seed = Number(process.env.CRASH_SEED ?? 1);
const count = Number(process.env.CRASH_LEADS ?? 50);

const it = inN8n();

/** Waits until n8n writes to its database, for ten seconds at most. @returns whether it does */
async function writing({ userFolder }: N8n): Promise<boolean> {
	const folder = watch(join(userFolder, '.n8n'));
	const signal = AbortSignal.timeout(10_000);
	try {
		for (;;) {
			const [, file] = await once(folder, 'change', { signal });
			if (String(file).startsWith('database.sqlite')) return true;
		}
	} catch {
		return false;
	} finally {
		folder.close();
	}
}

it(
	`With a deduplication key, kill -9 at a random moment phones nobody twice and forgets nobody, in ${rounds} rounds`,
	async ({ n8n }) => {
		let inDoubt = 0;
		let whileWriting = 0;
		for (let round = 0; round < rounds; round++) {
			const random = seeded(seed + round);
			const done = await crashAndRunAgain(n8n, count, random, async () => {
				// Every second one comes while n8n writes its own database, unless it has nothing to write.
				if (round % 2 === 0 && (await writing(n8n))) {
					whileWriting++;
					await new Promise((resolve) => setTimeout(resolve, random() * 3));
				}
				await n8n.crash();
			});
			console.log(`Seed ${seed + round}: ${JSON.stringify(done)}`);
			inDoubt += checkRound(done, count);
		}
		const what = `Of ${count} people, in doubt after a crash`;
		printFigure({ what, value: inDoubt / rounds, unit: '' });
		printFigure({ what: 'Crashes while n8n wrote its database', value: whileWriting, unit: '' });
		expect(whileWriting).toBeGreaterThan(0);
	},
	rounds * 300_000,
);
