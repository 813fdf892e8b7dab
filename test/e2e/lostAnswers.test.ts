/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import * as z from 'zod/v4';

import { printFigure } from './figure';
import { inN8n } from './n8nWithNode';
import { leads, phone } from './workflow';

/** What proxies say that passed the request on and then gave up. */
const proxied = [
	{ kind: 'answer', status: 500, body: 'upstream failed', places: true },
	{ kind: 'answer', status: 503, body: '<html><h1>503 Unavailable</h1></html>', places: true },
	{ kind: 'answer', status: 500, body: '', places: true },
] as const;

const it = inN8n({ twenty2: { refuseConcurrent: false } });

it.concurrent(
	'Of 10 calls whose answers got lost 5 times, the 4 that were placed come out with their call_id',
	async ({ sandbox, campaign }) => {
		for (const n of [1, 4, 6, 8]) sandbox.behave(phone(n), 'place and cut');
		sandbox.behave(phone(3), 'cut');
		const { run } = await campaign(
			{ authentication: 'workspace' },
			{ onError: 'continueErrorOutput' },
		);
		const from = performance.now();
		const { status, data } = await run(leads(10));
		const seconds = (performance.now() - from) / 1_000;

		printFigure({ what: '10 calls, 5 answers lost', value: seconds, unit: 's' });
		expect(status).toBe('success');
		const [placed, failed] = data.resultData.runData.Twenty2?.at(-1)?.data?.main ?? [];
		const others = leads(10).filter(({ phone: number }) => number !== phone(3));
		expect(placed?.map(({ json }) => json.call_id)).toEqual(
			others.map((lead) => sandbox.seen.callsTo(lead.phone)[0]?.call_id),
		);
		expect(failed?.map(({ json }) => json)).toMatchObject([
			{ name: 'Lead 3', error: { code: 'OUTCOME_UNKNOWN', outcome: 'unknown' } },
		]);
		expect(sandbox.seen.perNumber()).toEqual(
			Object.fromEntries(others.map((lead) => [lead.phone, 1])),
		);
	},
);

it.concurrent(
	'Nobody is phoned again after a 500 or 503 of a proxy that had passed the request on',
	async ({ sandbox, campaign }) => {
		proxied.forEach((behaviour, n) => sandbox.behave(phone(n), behaviour));
		// Twenty2's own 500 is retried.
		sandbox.behave(phone(3), '500 once');
		const { run } = await campaign(
			{},
			{ onError: 'continueErrorOutput', retryOnFail: true, maxTries: 3, waitBetweenTries: 10 },
		);
		const { status, data } = await run(leads(4));

		expect(status).toBe('success');
		const [placed, failed] = data.resultData.runData.Twenty2?.at(-1)?.data?.main ?? [];
		expect(placed?.map(({ json }) => json.call_id)).toEqual([
			sandbox.seen.callsTo(phone(3))[0]?.call_id,
		]);
		expect(failed?.map(({ json }) => json.error)).toMatchObject(
			proxied.map((proxy) => ({
				code: 'OUTCOME_UNKNOWN',
				status: proxy.status,
				source: 'n8n',
				outcome: 'unknown',
				attempts: 1,
			})),
		);
		printFigure({
			what: '3 creates that a proxy answered: requests for them',
			value: sandbox.seen.requests.length - 2,
			unit: '',
		});
		expect(sandbox.seen.requests).toHaveLength(5);
		expect(sandbox.seen.perNumber()).toEqual(
			Object.fromEntries(leads(4).map((lead) => [lead.phone, 1])),
		);
	},
);

it.concurrent(
	'A call that was placed in spite of the 500 of Twenty2 comes out of the call logs',
	async ({ sandbox, campaign }) => {
		sandbox.behave(phone(0), { kind: 'refuse', status: 500, message: 'Trouble', places: true });
		const { run } = await campaign({ authentication: 'workspace' });
		const { data } = await run(leads(1));

		const [placed] = data.resultData.runData.Twenty2?.at(-1)?.data?.main ?? [];
		expect(placed?.map(({ json }) => json.call_id)).toEqual([sandbox.seen.calls[0]?.call_id]);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1 });
	},
);

/** An answer that takes 14 seconds, with never more than half a second between two bytes. */
async function* dripping() {
	const text = JSON.stringify({ success: true, call_id: 'call_1', status: 'queued' }).padEnd(560);
	for (let at = 0; at < text.length; at += 20) {
		yield text.slice(at, at + 20);
		await sleep(500);
	}
}

it.concurrent(
	'An answer that drips for 14 seconds is given up after a Request Timeout of 3',
	async ({ expect, sandbox, campaign }) => {
		const headers = { 'content-type': 'application/json' };
		const answer = { kind: 'answer', status: 200, headers, places: true, times: 1 } as const;
		sandbox.behave(phone(0), { ...answer, body: Readable.from(dripping()) });
		const { run } = await campaign(
			{ options: { requestTimeoutSeconds: 3 } },
			{ onError: 'continueErrorOutput' },
		);
		const { data } = await run(leads(2));

		const [node] = data.resultData.runData.Twenty2 ?? [];
		const { executionTime } = z.object({ executionTime: z.number() }).parse(node);
		const what = 'an answer of 14 s, Request Timeout 3 s';
		// Where only silence counts, it takes the 14 seconds.
		printFigure({ what, value: executionTime / 1_000, unit: 's', limit: 12 }, expect);
		const [placed, failed] = node?.data?.main ?? [];
		expect(placed?.map(({ json }) => json.call_id)).toEqual([
			sandbox.seen.callsTo(phone(1))[0]?.call_id,
		]);
		expect(failed?.map(({ json }) => json.error)).toMatchObject([
			{
				code: 'OUTCOME_UNKNOWN',
				message: `No answer from ${sandbox.url} within 3 seconds`,
				outcome: 'unknown',
				attempts: 1,
			},
		]);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1 });
	},
);

const day = 86_400_000;
/** Until one o'clock in the morning in India. */
const untilNight = Math.ceil(Date.now() / day) * day - 4.5 * 3_600_000 - Date.now();
const atNight = inN8n({
	twenty2: {
		...{ refuseConcurrent: false, sleepsAtNight: true },
		clock: () => Date.now() + untilNight,
	},
});

atNight.concurrent(
	'Nobody is phoned again at night where Twenty2 says 500 and has queued the call',
	async ({ sandbox, campaign }) => {
		sandbox.behave(phone(0), 'place and 500');
		const { run } = await campaign(
			{ authentication: 'workspace', options: { maxRetries: 2 } },
			{ onError: 'continueErrorOutput' },
		);
		const { data } = await run(leads(2));

		const [placed, failed] = data.resultData.runData.Twenty2?.at(-1)?.data?.main ?? [];
		expect(placed).toHaveLength(1);
		// The call logs list one that has not begun, so it may be the one.
		expect(failed?.map(({ json }) => json.error)).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1 });
	},
);
