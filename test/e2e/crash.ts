/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { expect } from 'vitest';

import { startSandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { hasEnded } from './execution';
import type { N8n } from './n8n';
import { eventually } from './rest';
import { leads } from './workflow';

/** What became of the leads of one round. */
export interface Round {
	placedBefore: number;
	byCode: Record<string, number>;
	phonedTwice: string[];
	/** Reported as phoned, although nobody was. */
	falseDuplicates: string[];
	/** Neither phoned nor in doubt. */
	forgotten: string[];
}

/**
 * Runs leads with a deduplication key, crashes while calls are placed or wait for the limit, and runs the same
 * leads again.
 * @param random decides about the moment and the delays of the network
 * @param crash kills the process that places the calls, and starts it again
 */
export async function crashAndRunAgain(
	n8n: N8n,
	count: number,
	random: () => number,
	crash: () => Promise<void>,
): Promise<Round> {
	const requestsPerMinute = 0.6 * count;
	// With fewer calls before the crash, the next run would wait for its own limit.
	const fewestCalls = count - requestsPerMinute;
	// Twenty2 allows more than the credential says, so only the node waits.
	const limits = { requestsPerMinute: 100_000, refuseConcurrent: false };
	const sandbox = await startSandbox({ ...limits, networkDelay: () => random() * 60 });
	try {
		const given = leads(count);
		for (const { phone } of given) sandbox.behave(phone, { kind: 'slow', ms: random() * 100 });
		const account = {
			...{ apiKey: 'sandbox-key', baseUrl: sandbox.url },
			...{ requestsPerMinute, concurrentCalls: 3 },
		};
		const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
		const oncePerPhone = { options: { deduplicationKey: '={{ $json.phone }}' } };
		const { id, start } = await createCampaign(n8n, credential, oncePerPhone, {
			onError: 'continueErrorOutput',
		});

		// Half of the crashes come while all others wait for the limit.
		const requests = fewestCalls + Math.floor(random() * 1.5 * (count - requestsPerMinute - 5));
		const sentBefore = Math.min(requests, requestsPerMinute);
		await start(given);
		await eventually('The moment of the crash', 120, async () => {
			return sandbox.seen.requests.length >= sentBefore || undefined;
		});
		await new Promise((resolve) => setTimeout(resolve, random() * 150));
		await crash();
		const placedBefore = sandbox.seen.perNumber();
		const crashed = await eventually('The crash being known', 180, async () => {
			const [newest] = await n8n.executions(id);
			return newest && hasEnded(newest) ? newest : undefined;
		});

		await start(given);
		const { data } = await n8n.waitForExecution(id, { after: crashed.id, seconds: 180 });
		const [succeeded = [], failed = []] =
			data.resultData.runData.Twenty2?.[0]?.data?.main?.map((items) => items ?? []) ?? [];
		const codes = new Map(
			failed.map(({ json }) => [String(json.phone), String(Object(json.error).code)]),
		);
		expect(succeeded.length + codes.size).toBe(count);

		const placed = sandbox.seen.perNumber();
		const byCode: Record<string, number> = { placed: succeeded.length };
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
	} finally {
		await sandbox.close();
	}
}

/** Checks that nobody was phoned twice and nobody forgotten. @returns how many are in doubt */
export function checkRound(round: Round, count: number): number {
	expect(round).toMatchObject({ phonedTwice: [], falseDuplicates: [], forgotten: [] });
	const { placed = 0, DUPLICATE_CALL = 0, OUTCOME_UNKNOWN = 0 } = round.byCode;
	expect(placed + DUPLICATE_CALL + OUTCOME_UNKNOWN).toBe(count);
	// No more than had a line.
	expect(OUTCOME_UNKNOWN).toBeLessThanOrEqual(3);
	return OUTCOME_UNKNOWN;
}
