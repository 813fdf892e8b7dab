/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';

import { startSandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { hasEnded, output } from './execution';
import type { N8n } from './n8n';
import { eventually } from './rest';
import { leads, type Parameters } from './workflow';

/** How a run is cut off, and how it is retried. */
export interface Retrying {
	/**
	 * Each cuts off the execution that runs, with n8n running afterwards. The first cuts off the run, the
	 * others a retry each.
	 */
	cutOffs: Array<(n8n: N8n, executionId: string) => Promise<void>>;
	/** How many times "Retry execution" is clicked at once in the end. */
	clicks?: number;
	/** Parameters of the Twenty2 node. */
	parameters?: Parameters;
}

/** What became of the people of a run that was cut off and retried. */
export interface Retried {
	phoned: number;
	phonedTwice: string[];
	/** Neither phoned nor in doubt. */
	forgotten: string[];
	/** Never phoned, and in doubt. */
	neverPhonedInDoubt: string[];
}

/** Leads for each cut-off, three tranches. */
export const LEADS = 60;
/** Items that may be in doubt after a cut-off. */
export const TRANCHE = 20;
/** How many people are not phoned yet at every cut-off. */
const LEFT = 6;

/**
 * Runs leads, cuts the run off at a random moment and retries it, as often as it is told to. In the end it
 * is retried once more, which phones nobody who was phoned.
 * @param random decides about the moments and the delays of the network
 */
export async function cutOffAndRetry(
	n8n: N8n,
	random: () => number,
	{ cutOffs, clicks = 1, parameters = {} }: Retrying,
): Promise<Retried> {
	const limits = { requestsPerMinute: 100_000, refuseConcurrent: false };
	const sandbox = await startSandbox({ ...limits, networkDelay: () => random() * 60 });
	const { seen } = sandbox;
	try {
		const given = leads(LEADS * cutOffs.length);
		for (const { phone } of given) sandbox.behave(phone, { kind: 'slow', ms: random() * 100 });
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, requestsPerMinute: 10_000 };
		const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
		const onError = { onError: 'continueErrorOutput' } as const;
		const { id, start } = await createCampaign(n8n, credential, parameters, onError);
		// A retry skips up to a tranche, and has to send enough itself before it is cut off.
		const most = LEADS - LEFT - (cutOffs.length > 1 ? TRANCHE : 0);

		await start(given);
		let last = '';
		for (const [n, cutOff] of cutOffs.entries()) {
			const moment = seen.requests.length + 1 + Math.floor(random() * most);
			// It answers when the retry has ended, which a crash forestalls.
			if (n > 0) void n8n.retryExecution(last).catch(() => undefined);
			await eventually('The moment', 120, async () => seen.requests.length >= moment || undefined);
			await delay(random() * 50);
			const [running] = await n8n.executions(id);
			last = running?.id ?? '';
			await cutOff(n8n, last);
			await eventually('The end being known', 180, async () => {
				const [newest] = await n8n.executions(id);
				return (newest && hasEnded(newest)) || undefined;
			});
		}

		const retry = async () => await n8n.retryExecution(last);
		const retried = await Promise.all(Array.from({ length: clicks }, retry));
		const inDoubt = retried
			.flatMap((execution) => output(execution, 1))
			.filter(({ json }) => Object(json.error).code === 'OUTCOME_UNKNOWN')
			.map(({ json }) => String(json.phone));
		const phones = given.map(({ phone }) => phone);
		const neverPhoned = phones.filter((phone) => seen.callsTo(phone).length === 0);
		await retry();
		return {
			phoned: phones.length - neverPhoned.length,
			phonedTwice: phones.filter((phone) => seen.callsTo(phone).length > 1),
			forgotten: neverPhoned.filter((phone) => !inDoubt.includes(phone)),
			neverPhonedInDoubt: neverPhoned.filter((phone) => inDoubt.includes(phone)),
		};
	} finally {
		await sandbox.close();
	}
}
