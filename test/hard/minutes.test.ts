import { afterAll, beforeAll, describe, it } from 'vitest';

import { startSandbox, type Call } from '../../sandbox';
import { callLengths } from '../simulation/callLengths';
import { lastStart } from '../simulation/lines';
import { createCampaign } from '../e2e/campaign';
import { printFigure } from '../e2e/figure';
import type { N8n } from '../e2e/n8n';
import { startN8nWithNode } from '../e2e/n8nWithNode';
import { leads, phone } from '../e2e/workflow';

const count = 60;
const lines = 3;
const ringMs = 1_000;
const calls = { mean: 20, sigma: 0.3 };
const seed = 1;

let n8n: N8n;

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

/** From the first placing to the last, in ms. */
function placing(calls: readonly Call[]): number {
	const placedAt = calls.map((call) => call.placedAt);
	return Math.max(...placedAt) - Math.min(...placedAt);
}

/** The same if each line is refilled at once, in ms. */
function possible(calls: readonly Call[]): number {
	const lengths = calls.map(({ placedAt, endedAt }) => endedAt - placedAt);
	return lastStart(lines, lengths);
}

// They take 7 and 5 minutes of real time, most of it waiting, so they run beside each other.
describe.concurrent('In minutes of real time', () => {
	it('Unattended calls keep 3 lines busy, and few are refused', async ({ expect }) => {
		const length = callLengths(calls, seed);
		const sandbox = await startSandbox({
			concurrentCalls: lines,
			ringMs,
			talkMs: () => Math.max(0, length() - ringMs),
		});
		try {
			const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url };
			const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
			const { run } = await createCampaign(n8n, credential);
			const { status } = await run(leads(count), 560);

			expect(status).toBe('success');
			expect(sandbox.seen.mostLive).toBe(lines);
			expect(sandbox.seen.perNumber()).toEqual(
				Object.fromEntries(leads(count).map((lead) => [lead.phone, 1])),
			);

			const least = possible(sandbox.seen.calls);
			const time = placing(sandbox.seen.calls) / least;
			const creates = sandbox.seen.requests.filter(({ method }) => method === 'POST');
			const refused = creates.filter((create) => create.status === 429).length / creates.length;
			const what = `${count} calls of ${calls.mean} s in the mean, ${lines} at once`;
			printFigure({
				what: `${what}, in times the possible ${(least / 1_000).toFixed(0)} s`,
				value: time,
				unit: '',
			});
			printFigure({ what: `${what}, creates refused`, value: 100 * refused, unit: '%' });
			// One call at a time would take 3 times the possible. Full-jitter backoff keeps the time, but 80 % of
			// its creates are refused.
			expect(time).toBeLessThanOrEqual(1.25);
			expect(refused).toBeLessThanOrEqual(0.1);
		} finally {
			await sandbox.close();
		}
	});

	const holdsUp = 'A Retry-After of 16 hours holds the other calls of the key up for 5 minutes';
	// test/unit/policy has it in virtual time.
	it(holdsUp, async ({ expect }) => {
		const sandbox = await startSandbox();
		try {
			sandbox.behave(phone(0), { kind: '429', times: 1, retryAfterSeconds: 60_000 });
			const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url };
			const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
			const options = { giveUpAfterSeconds: 600 };
			const { id, run, start } = await createCampaign(
				n8n,
				credential,
				{ options },
				{ onError: 'continueErrorOutput' },
			);
			const first = await run(leads(1), 30);
			const [, refused] = first.data.resultData.runData.Twenty2?.[0]?.data?.main ?? [];
			const codes = (refused ?? []).map(({ json }) => Object(json.error).code);
			await start(leads(4).slice(1));
			const { status } = await n8n.waitForExecution(id, { after: first.id, seconds: 560 });
			const { status: tested } = await n8n.testCredential('twenty2Api', account);

			expect(codes).toEqual(['RATE_LIMIT_EXCEEDED']);
			expect([status, tested]).toEqual(['success', 'OK']);
			const [refusedAt = 0, nextAt = 0] = sandbox.seen.requests.map(({ at }) => at);
			const pause = (nextAt - refusedAt) / 1_000;
			printFigure({
				what: 'Retry-After 60000 holds the other calls up for',
				value: pause,
				unit: 's',
			});
			expect(pause).toBeGreaterThanOrEqual(299);
			expect(pause).toBeLessThanOrEqual(330);
			expect(Object.values(sandbox.seen.perNumber())).toEqual([1, 1, 1]);
		} finally {
			await sandbox.close();
		}
	});
});
