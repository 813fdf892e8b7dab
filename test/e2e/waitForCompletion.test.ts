/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { jsonOf, type StoredExecution } from './execution';
import { printFigure } from './figure';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { eventually } from './rest';
import { leads, phone, type Parameters, type Settings } from './workflow';

let n8n: N8n;
let sandbox: Sandbox;
let credential: Credential;

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

// Calls last 6 seconds. The limits are the documented ones, so a fourth call is refused.
beforeEach(async () => {
	sandbox = await startSandbox({ ringMs: 1_000, talkMs: 5_000 });
	const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url };
	credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	return () => sandbox.close();
});

const waiting = async (pollIntervalSeconds: number, settings: Settings = {}) => {
	const parameters: Parameters = { waitForCompletion: true, options: { pollIntervalSeconds } };
	return await createCampaign(n8n, credential, parameters, settings);
};

const items = (execution: StoredExecution, index = 0) => jsonOf(execution, 'Twenty2', index);

const onceEach = (count: number) => Object.fromEntries(leads(count).map((lead) => [lead.phone, 1]));

describe('Waiting for calls to end in n8n', () => {
	it.each([1, 2])(
		'never has more than three live and soon places the next, looking every %i s',
		async (pollInterval) => {
			const { run } = await waiting(pollInterval);
			const execution = await run(leads(9));
			const { requests } = sandbox.seen;
			const seconds = ((requests.at(-1)?.at ?? NaN) - (requests[0]?.at ?? NaN)) / 1_000;
			const polls = requests.length - 9;
			printFigure({
				what: `9 waited calls of 6 s, ${polls} looks every ${pollInterval} s, in times the possible 18 s`,
				value: seconds / 18,
				unit: '',
				// One call at a time takes 3 times as long.
				limit: 2.5,
			});
			expect(execution.status).toBe('success');
			expect(items(execution).map(({ to_number, status }) => [to_number, status])).toEqual(
				leads(9).map((lead) => [lead.phone, 'completed']),
			);
			expect(sandbox.seen.mostLive).toBe(3);
			expect(sandbox.seen.refusals).toBe(0);
			expect(sandbox.seen.perNumber()).toEqual(onceEach(9));
		},
	);

	it('is taken up again by Retry On Fail and by "Retry execution"', async () => {
		Object.assign(sandbox.pace, { ringMs: 500, talkMs: 2_500 });
		sandbox.behave(phone(4), { kind: 'refuse', status: 400, message: 'Not now', times: 3 });
		const retryOnFail = { retryOnFail: true, maxTries: 2, waitBetweenTries: 10 };
		const { run } = await waiting(1, retryOnFail);
		const thrown = await run(leads(7));
		const done = await n8n.retryExecution(thrown.id);

		expect([thrown, done].map(({ status }) => status)).toEqual(['error', 'success']);
		expect(items(done).map(({ to_number, status }) => [to_number, status])).toEqual(
			leads(7).map((lead) => [lead.phone, 'completed']),
		);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(7));
	});

	it('outlasts calls that are not known yet, and 20 seconds of 503', async () => {
		const unknown = { kind: 'refuse', status: 404, code: 'CALL_NOT_FOUND' } as const;
		sandbox.behaveReads('*', { ...unknown, message: 'No call for this call_id' });
		const { id, start } = await waiting(1);
		await start(leads(3));
		const looks = () => sandbox.seen.requests.filter(({ method }) => method === 'GET');
		await eventually('Looks', 60, async () => looks().length >= 3 || undefined);
		sandbox.behaveReads('*', '503 always');
		await new Promise((resolve) => setTimeout(resolve, 20_000));
		const duringOutage = looks().length;
		sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
		const execution = await n8n.waitForExecution(id, { seconds: 120 });

		const from = sandbox.seen.requests[0]?.at ?? NaN;
		printFigure({
			what: `3 waited calls of 6 s through 404 and 20 s of 503, ${duringOutage} looks meanwhile, until the last look`,
			value: ((sandbox.seen.requests.at(-1)?.at ?? NaN) - from) / 1_000,
			unit: 's',
			// Pauses that double with each look reach minutes.
			limit: 110,
		});
		expect(execution.status).toBe('success');
		expect(items(execution).map(({ status }) => status)).toEqual(leads(3).map(() => 'completed'));
		// A look each second would be 60.
		expect(duringOutage).toBeLessThanOrEqual(30);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(3));
	});

	it('ends at once when the execution is stopped', async () => {
		sandbox.pace.talkMs = 600_000;
		const { id, start } = await waiting(1);
		await start(leads(3));
		await eventually('Looks', 60, async () => sandbox.seen.requests.length > 4 || undefined);
		const [running] = await n8n.executions(id);
		await n8n.stopExecution(running?.id ?? '');
		const { status } = await n8n.waitForExecution(id, { seconds: 60 });
		expect(status).toBe('canceled');

		const sent = sandbox.seen.requests.length;
		await new Promise((resolve) => setTimeout(resolve, 5_000));
		expect(sandbox.seen.requests).toHaveLength(sent);
	});
});
