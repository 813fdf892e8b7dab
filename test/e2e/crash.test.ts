/* eslint-disable @n8n/community-nodes/no-restricted-globals, no-console -- never part of the package */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { seeded } from '../simulation/seeded';
import { createCampaign } from './campaign';
import { hasEnded } from './execution';
import { printFigure } from './figure';
import type { N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { eventually } from './rest';
import { leads } from './workflow';

const rounds = Number(process.env.CRASH_ROUNDS ?? 1);
const seed = Number(process.env.CRASH_SEED ?? 1);

const LEADS = Number(process.env.CRASH_LEADS ?? 50);
const REQUESTS_PER_MINUTE = 0.6 * LEADS;

/** With fewer calls before the crash, the next run would wait for its own limit. */
const FEWEST_CALLS = LEADS - REQUESTS_PER_MINUTE;

let n8n: N8n;

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

/** What became of the leads of one round. */
interface Round {
	placedBefore: number;
	byCode: Record<string, number>;
	phonedTwice: string[];
	/** Reported as phoned, although nobody was. */
	falseDuplicates: string[];
	/** Neither phoned nor in doubt. */
	forgotten: string[];
}

/**
 * Kills n8n while it places calls or waits for the limit, and runs the same leads again.
 * @param random decides about the moment and the delays of the network
 */
async function crashAndRunAgain(random: () => number): Promise<Round> {
	// Twenty2 allows more than the credential says, so only the node waits.
	const limits = { requestsPerMinute: 100_000, refuseConcurrent: false };
	const sandbox = await startSandbox({ ...limits, networkDelay: () => random() * 60 });
	const given = leads(LEADS);
	for (const { phone } of given) sandbox.behave(phone, { kind: 'slow', ms: random() * 100 });
	const account = {
		apiKey: 'sandbox-key',
		baseUrl: sandbox.url,
		requestsPerMinute: REQUESTS_PER_MINUTE,
		concurrentCalls: 3,
	};
	const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	const oncePerPhone = { options: { deduplicationKey: '={{ $json.phone }}' } };
	const { id, start } = await createCampaign(n8n, credential, oncePerPhone, {
		onError: 'continueErrorOutput',
	});

	// Half of the crashes come while all others wait for the limit.
	const requests = FEWEST_CALLS + Math.floor(random() * 1.5 * (LEADS - REQUESTS_PER_MINUTE - 5));
	const sentBefore = Math.min(requests, REQUESTS_PER_MINUTE);
	await start(given);
	await eventually('The moment of the crash', 60, async () => {
		return sandbox.seen.requests.length >= sentBefore || undefined;
	});
	await new Promise((resolve) => setTimeout(resolve, random() * 150));
	await n8n.crash();
	const placedBefore = sandbox.seen.perNumber();
	const crashed = await eventually('The crash being known', 120, async () => {
		const [newest] = await n8n.executions(id);
		return newest && hasEnded(newest) ? newest : undefined;
	});

	await start(given);
	const { data } = await n8n.waitForExecution(id, { after: crashed.id, seconds: 150 });
	const [succeeded, failed] = data.resultData.runData.Twenty2?.[0]?.data?.main ?? [];
	const phoneOf = ({ json }: { json: object }) => String(Object(json).phone);
	const codes = new Map(
		(failed ?? []).map((item) => [phoneOf(item), String(Object(item.json.error).code)]),
	);
	expect((succeeded ?? []).length + codes.size).toBe(LEADS);

	const placed = sandbox.seen.perNumber();
	await sandbox.close();
	const byCode: Record<string, number> = { placed: succeeded?.length ?? 0 };
	for (const code of codes.values()) byCode[code] = (byCode[code] ?? 0) + 1;
	const phones = given.map(({ phone }) => phone);
	return {
		placedBefore: Object.keys(placedBefore).length,
		byCode,
		phonedTwice: phones.filter((phone) => (placed[phone] ?? 0) > 1),
		falseDuplicates: phones.filter(
			(phone) => codes.get(phone) === 'DUPLICATE_CALL' && placedBefore[phone] === undefined,
		),
		forgotten: phones.filter(
			(phone) => placed[phone] === undefined && codes.get(phone) !== 'OUTCOME_UNKNOWN',
		),
	};
}

describe('With a deduplication key, kill -9 at a random moment', () => {
	it(
		`phones nobody twice and forgets nobody, in ${rounds} rounds`,
		async () => {
			let inDoubt = 0;
			for (let round = 0; round < rounds; round++) {
				const done = await crashAndRunAgain(seeded(seed + round));
				console.log(`Seed ${seed + round}: ${JSON.stringify(done)}`);
				expect(done).toMatchObject({ phonedTwice: [], falseDuplicates: [], forgotten: [] });
				const { placed = 0, DUPLICATE_CALL = 0, OUTCOME_UNKNOWN = 0 } = done.byCode;
				expect(placed + DUPLICATE_CALL + OUTCOME_UNKNOWN).toBe(LEADS);
				// No more than had a line.
				expect(OUTCOME_UNKNOWN).toBeLessThanOrEqual(3);
				inDoubt += OUTCOME_UNKNOWN;
			}
			printFigure({
				what: `Of ${LEADS} people, in doubt after a crash`,
				value: inDoubt / rounds,
				unit: '',
			});
		},
		rounds * 300_000,
	);
});
