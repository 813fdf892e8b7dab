/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { describe, expect } from 'vitest';

import { startSandbox, type Behaviour, type Sandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { jsonOf } from './execution';
import { printFigure } from './figure';
import type { N8n } from './n8n';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import { leads, phone } from './workflow';

const it = inN8n({ twenty2: { ringMs: 1_000, talkMs: 4_000, refuseConcurrent: false } });

const seconds = async (count: number) =>
	await new Promise((resolve) => setTimeout(resolve, count * 1_000));

const requests = ({ seen }: Sandbox, count: number) =>
	eventually(`${count} requests`, 60, async () => seen.requests.length >= count || undefined);

/**
 * Runs 60 leads on a key of their own. Its minute has room for repeated creates, and its lines for any
 * number of calls.
 * @param thirtieth the behaviour of the creates for the 30th lead
 * @returns the time from the first placing to the last, in seconds
 */
async function secondsOf60Leads(n8n: N8n, thirtieth?: Behaviour): Promise<number> {
	const requestsPerMinute = 120;
	const roomy = await startSandbox({ requestsPerMinute, refuseConcurrent: false, talkMs: 20_000 });
	try {
		if (thirtieth !== undefined) roomy.behave(phone(29), thirtieth);
		const account = { apiKey: 'sandbox-key', baseUrl: roomy.url, requestsPerMinute };
		const key = await n8n.createCredential('twenty2Api', 'Roomy', account);
		const { run } = await createCampaign(n8n, key);
		const { status } = await run(leads(60));

		expect(status).toBe('success');
		expect(roomy.seen.perNumber()).toEqual(
			Object.fromEntries(leads(60).map((lead) => [lead.phone, 1])),
		);
		expect(roomy.seen.refusals).toBe(thirtieth === undefined ? 0 : 1);
		const placed = roomy.seen.calls.map(({ placedAt }) => placedAt);
		return (Math.max(...placed) - Math.min(...placed)) / 1_000;
	} finally {
		await roomy.close();
	}
}

// Most of it is waiting, so they run beside each other.
describe.concurrent('The limits of a key in n8n', () => {
	it('The limits of a key let unattended calls follow soon after lines are free', async ({
		expect,
		sandbox,
		campaign,
	}) => {
		Object.assign(sandbox.limits, { refuseConcurrent: true });
		const { run } = await campaign();
		const { status, data } = await run(leads(12));

		expect(status).toBe('success');
		expect(sandbox.seen.mostLive).toBe(3);
		expect(sandbox.seen.perNumber()).toEqual(
			Object.fromEntries(leads(12).map((lead) => [lead.phone, 1])),
		);
		const placed = sandbox.seen.calls.map(({ placedAt }) => placedAt);
		const took = (Math.max(...placed) - Math.min(...placed)) / 1_000;
		printFigure(
			{
				what: `12 calls of 5 s, 3 at once, ${sandbox.seen.refusals} refused, in times the possible 15 s`,
				value: took / 15,
				unit: '',
				// One call at a time takes 3 times as long.
				limit: 2.5,
			},
			expect,
		);
		const hints = data.resultData.runData.Twenty2?.[0]?.hints ?? [];
		// Outside calling hours there is a second hint.
		expect(hints.map(({ message }) => message)).toContainEqual(
			expect.stringMatching(/^This run waited (\d+ (minutes?|seconds?) )+because Twenty2 said/),
		);
	});

	// Others beside it would blur what it measures.
	it.sequential(
		'The limits of a key cost only seconds after a 429 without a reason',
		async ({ n8n }) => {
			const undisturbed = await secondsOf60Leads(n8n);
			const disturbed = await secondsOf60Leads(n8n, {
				kind: '429',
				times: 1,
				retryAfterSeconds: 2,
			});
			const cost = disturbed - undisturbed;
			printFigure({
				what: `a 429 without a reason at the 30th of 60 leads (${undisturbed.toFixed(2)} s without it) costs`,
				value: cost,
				unit: 's',
				// Calls of 20 s cost more than that if they are waited for.
				limit: 15,
			});
		},
	);

	it('The limits of a key are shared in turns by executions that start together', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		const few = leads(502).slice(500);
		// Slow enough that both executions start before the minute's requests are used up.
		for (const lead of leads(502)) sandbox.behave(lead.phone, { kind: 'slow', ms: 300 });
		const large = await campaign();
		const small = await campaign();
		const from = performance.now();
		const [, { status }] = await Promise.all([large.start(leads(500)), small.run(few)]);
		const took = (performance.now() - from) / 1_000;
		printFigure({ what: '2 leads beside 500 that started with them', value: took, unit: 's' });
		expect(status).toBe('success');

		await requests(sandbox, 60);
		const [running] = await n8n.executions(large.id);
		await n8n.stopExecution(running?.id ?? '');
		// The first minute allows 60 requests. The large execution uses all that the small one leaves.
		const order = sandbox.seen.calls.slice(0, 60).map(({ number }) => number);
		expect(order).toHaveLength(60);
		expect(few.every((lead) => order.includes(lead.phone))).toBe(true);
	});

	it('The limits of a key stop to matter when the execution is stopped', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		// Longer than this test, so only Stop can end it.
		sandbox.behave(phone(0), { kind: '429', times: 1, retryAfterSeconds: 1_000 });
		const patient = { options: { giveUpAfterSeconds: 3_600 } };
		const { id, start } = await campaign(patient);
		await start(leads(20));
		await requests(sandbox, 3);
		const [running] = await n8n.executions(id);
		await n8n.stopExecution(running?.id ?? '');
		const { status } = await n8n.waitForExecution(id);
		expect(status).toBe('canceled');
		expect(sandbox.seen.requests.length).toBeLessThan(20);
	});

	it('The limits of a key stop to matter when the workflow may run no longer: nothing is sent any more', async ({
		sandbox,
		campaign,
	}) => {
		sandbox.behave(phone(0), { kind: '429', times: 1, retryAfterSeconds: 6 });
		const settings = { executionTimeout: 2 };
		const { run } = await campaign({}, {}, settings);
		const { status } = await run(leads(20));
		expect(status).toBe('canceled');

		const sent = sandbox.seen.requests.length;
		await seconds(7);
		expect(sandbox.seen.requests).toHaveLength(sent);
	});

	it('The limits of a key leave it to the next execution after one was stopped', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		for (const lead of leads(20)) sandbox.behave(lead.phone, { kind: 'slow', ms: 3_000 });
		const stopped = await campaign();
		await stopped.start(leads(20));
		await requests(sandbox, 4);
		const [running] = await n8n.executions(stopped.id);
		await n8n.stopExecution(running?.id ?? '');
		const sent = sandbox.seen.requests.length;

		const next = await campaign();
		const { status } = await next.run([{ name: 'Next', phone: phone(50) }]);
		expect(status).toBe('success');
		expect(sandbox.seen.requests).toHaveLength(sent + 1);
	});

	it('A credential whose key depends on the item sends each item with its own key, within the limits of that key', async ({
		expect,
		n8n,
	}) => {
		const keys = ['key-of-a', 'key-of-b'];
		// The creates and the looks of one customer fill its minute.
		const requestsPerMinute = 8;
		const shared = await startSandbox({
			apiKeys: keys.map((key) => ({ key, access: true })),
			...{ requestsPerMinute, refuseConcurrent: false },
		});
		try {
			const account = { apiKey: '={{ $json.key }}', baseUrl: shared.url, requestsPerMinute };
			const ofItem = await n8n.createCredential('twenty2Api', 'Of the item', account);
			const goOn = { onError: 'continueErrorOutput' } as const;
			const look = { operation: 'getCall', callId: '={{ $json.call_id }}' };
			const given = leads(8).map((lead, n) => ({ ...lead, key: keys[n % 2] }));
			const unknown = { name: 'Nobody', phone: phone(8), key: 'key-of-nobody' };

			const from = performance.now();
			const { run } = await createCampaign(n8n, ofItem, {}, goOn);
			const placed = await run([unknown, ...given]);
			const looks = await createCampaign(n8n, ofItem, look, goOn);
			const callIds = jsonOf(placed, 'Twenty2').map(({ call_id }) => call_id);
			const looked = await looks.run(given.map((lead, n) => ({ ...lead, call_id: callIds[n] })));
			const took = (performance.now() - from) / 1_000;

			expect(jsonOf(placed, 'Twenty2', 1)).toMatchObject([
				{ name: 'Nobody', error: { code: 'UNAUTHORIZED', outcome: 'not_placed' } },
			]);
			const dialled = shared.seen.calls.map(({ number, key }) => [number, key]);
			expect(Object.fromEntries(dialled)).toEqual(
				Object.fromEntries(given.map((lead) => [lead.phone, `apiKey:${lead.key}`])),
			);
			expect(dialled).toHaveLength(8);
			// Twenty2 shows a call to its own key only.
			expect(jsonOf(looked, 'Twenty2').map((call) => call.to_number)).toEqual(
				given.map((lead) => lead.phone),
			);
			expect(shared.seen.refusals).toBe(0);
			// With one budget for both, the last would wait for the next minute.
			printFigure({ what: '8 calls of two keys', value: took, unit: 's', limit: 50 }, expect);
		} finally {
			await shared.close();
		}
	});
});

// n8n does not tell nodes that it shuts down. It waits a while for running executions, which go on
// meanwhile. Requests that are still queued at the end are never sent, even after a restart.
it('Waiting requests outlast no n8n that is shut down', async ({ n8n, sandbox, campaign }) => {
	for (const lead of leads(3)) sandbox.behave(lead.phone, { kind: 'slow', ms: 3_000 });
	sandbox.behave(phone(0), { kind: '429', times: 1, retryAfterSeconds: 200 });
	const { start } = await campaign();
	await start(leads(20));
	await requests(sandbox, 3);
	const sent = sandbox.seen.requests.length;
	await n8n.restart();
	await seconds(10);
	expect(sandbox.seen.requests).toHaveLength(sent);
});
