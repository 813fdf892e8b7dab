import { expect } from 'vitest';

import { jsonOf } from './execution';
import { timeIn, waitForHours } from './callingHours';
import { inN8n } from './n8nWithNode';
import { eventually } from './rest';
import { leads, phone } from './workflow';

const it = inN8n({ twenty2: { refuseConcurrent: false } });

it('A dry run of five rows, two of them bad, shows all five and sends nothing', async ({
	sandbox,
	campaign,
}) => {
	const rows = leads(5);
	Object.assign(rows[1] ?? {}, { phone: '12345' });
	Object.assign(rows[4] ?? {}, { phone: 'ask her' });
	const { run } = await campaign({ options: { dryRun: true } });
	const execution = await run(rows);
	expect(execution.status).toBe('success');
	const bad = { error: { code: 'INVALID_NUMBER', dry_run: true } };
	expect(jsonOf(execution, 'Twenty2')).toMatchObject([
		{ dry_run: true, to_number: phone(0) },
		bad,
		{ dry_run: true, to_number: phone(2) },
		{ dry_run: true, to_number: phone(3) },
		bad,
	]);
	const hints = execution.data.resultData.runData.Twenty2?.[0]?.hints ?? [];
	expect(hints.map(({ message }) => message)).toEqual([
		expect.stringMatching(/^Dry run: nobody was phoned\./),
	]);
	expect(sandbox.seen.requests).toEqual([]);
});

it('Outside of the Calling Hours a Wait node takes the next time, which may be hours away', async ({
	n8n,
	sandbox,
	credential,
}) => {
	const from = timeIn(2 * 3_600);
	const { id } = await waitForHours(n8n, credential, from, timeIn(3 * 3_600));
	const waiting = await eventually('The execution waits', 60, async () => {
		const [summary] = await n8n.executions(id);
		return summary?.status === 'waiting' ? summary : undefined;
	});
	const execution = await n8n.execution(waiting.id);
	const [refused] = jsonOf(execution, 'Twenty2', 1);
	const { next_allowed_at } = Object(refused?.error);
	expect(refused?.error).toMatchObject({ code: 'OUTSIDE_CALLING_HOURS', outcome: 'not_placed' });
	expect(next_allowed_at).toMatch(new RegExp(`T${from}:00\\+00:00$`));
	expect(new Date(String(execution.waitTill)).getTime()).toBe(Date.parse(next_allowed_at));
	expect(sandbox.seen.requests).toEqual([]);
	await n8n.stopExecution(waiting.id);
});
