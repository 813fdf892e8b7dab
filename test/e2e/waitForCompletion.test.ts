/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { describe, expect } from 'vitest';

import { jsonOf, type StoredExecution } from './execution';
import { printFigure } from './figure';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import { leads, phone, type Parameters } from './workflow';

// Calls last 6 seconds. The limits are the documented ones, so a fourth call is refused.
const it = inN8n({ twenty2: { ringMs: 1_000, talkMs: 5_000 } });

const waiting = (pollIntervalSeconds: number): Parameters => ({
	waitForCompletion: true,
	options: { pollIntervalSeconds },
});

const items = (execution: StoredExecution, index = 0) => jsonOf(execution, 'Twenty2', index);

const onceEach = (count: number) => Object.fromEntries(leads(count).map((lead) => [lead.phone, 1]));

// Most of it is waiting, so they run beside each other.
describe.concurrent('Waiting for calls to end in n8n', () => {
	it.for([1, 2])(
		'A campaign that waits for its calls never has more than three live and soon places the next, looking every %i s',
		async (pollInterval, { expect, sandbox, campaign }) => {
			const { run } = await campaign(waiting(pollInterval));
			const execution = await run(leads(9));
			const { requests } = sandbox.seen;
			const seconds = ((requests.at(-1)?.at ?? NaN) - (requests[0]?.at ?? NaN)) / 1_000;
			const polls = requests.length - 9;
			printFigure(
				{
					what: `9 waited calls of 6 s, ${polls} looks every ${pollInterval} s, in times the possible 18 s`,
					value: seconds / 18,
					unit: '',
					// One call at a time takes 3 times as long.
					limit: 2.5,
				},
				expect,
			);
			expect(execution.status).toBe('success');
			expect(items(execution).map(({ to_number, status }) => [to_number, status])).toEqual(
				leads(9).map((lead) => [lead.phone, 'completed']),
			);
			expect(sandbox.seen.mostLive).toBe(3);
			expect(sandbox.seen.refusals).toBe(0);
			expect(sandbox.seen.perNumber()).toEqual(onceEach(9));
		},
	);

	it('A wait for calls is taken up again by Retry On Fail and by "Retry execution"', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		Object.assign(sandbox.pace, { ringMs: 500, talkMs: 2_500 });
		sandbox.behave(phone(4), { kind: 'refuse', status: 400, message: 'Not now', times: 3 });
		const retryOnFail = { retryOnFail: true, maxTries: 2, waitBetweenTries: 10 };
		const { run } = await campaign(waiting(1), retryOnFail);
		const thrown = await run(leads(7));
		const done = await n8n.retryExecution(thrown.id);

		expect([thrown, done].map(({ status }) => status)).toEqual(['error', 'success']);
		expect(items(done).map(({ to_number, status }) => [to_number, status])).toEqual(
			leads(7).map((lead) => [lead.phone, 'completed']),
		);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(7));
	});

	it('A wait for calls outlasts calls that are not known yet, and 20 seconds of 503', async ({
		expect,
		n8n,
		sandbox,
		campaign,
	}) => {
		const unknown = { kind: 'refuse', status: 404, code: 'CALL_NOT_FOUND' } as const;
		sandbox.behaveReads('*', { ...unknown, message: 'No call for this call_id' });
		const { id, start } = await campaign(waiting(1));
		await start(leads(3));
		const looks = () => sandbox.seen.requests.filter(({ method }) => method === 'GET');
		await eventually('Looks', 60, async () => looks().length >= 3 || undefined);
		sandbox.behaveReads('*', '503 always');
		await new Promise((resolve) => setTimeout(resolve, 20_000));
		const duringOutage = looks().length;
		sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
		const execution = await n8n.waitForExecution(id, { seconds: 120 });

		const from = sandbox.seen.requests[0]?.at ?? NaN;
		printFigure(
			{
				what: `3 waited calls of 6 s through 404 and 20 s of 503, ${duringOutage} looks meanwhile, until the last look`,
				value: ((sandbox.seen.requests.at(-1)?.at ?? NaN) - from) / 1_000,
				unit: 's',
				// Pauses that double with each look reach minutes.
				limit: 110,
			},
			expect,
		);
		expect(execution.status).toBe('success');
		expect(items(execution).map(({ status }) => status)).toEqual(leads(3).map(() => 'completed'));
		// A look each second would be 60.
		expect(duringOutage).toBeLessThanOrEqual(30);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(3));
	});

	it('A wait for calls ends at once when the execution is stopped', async ({
		n8n,
		sandbox,
		campaign,
	}) => {
		sandbox.pace.talkMs = 600_000;
		const { id, start } = await campaign(waiting(1));
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
