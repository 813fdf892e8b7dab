import { afterAll, beforeAll, expect, it } from 'vitest';

import { startSandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import type { N8n } from './n8n';
import { printFigure } from './figure';
import { startN8nWithNode } from './n8nWithNode';
import { leads, phone } from './workflow';

let n8n: N8n;

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

it('Of 10 calls whose answers got lost 5 times, the 4 that were placed come out with their call_id', async () => {
	const sandbox = await startSandbox({ refuseConcurrent: false });
	for (const n of [1, 4, 6, 8]) sandbox.behave(phone(n), 'place and cut');
	sandbox.behave(phone(3), 'cut');
	const credential = await n8n.createCredential('twenty2WorkspaceApi', 'Twenty2', {
		apiKey: 'sandbox-key',
		apiSecret: 'sandbox-secret',
		workspaceId: 'ws_sandbox',
		baseUrl: sandbox.url,
	});
	const { run } = await createCampaign(
		n8n,
		credential,
		{ authentication: 'workspace' },
		{ onError: 'continueErrorOutput' },
	);
	const from = performance.now();
	const { status, data } = await run(leads(10));
	const seconds = (performance.now() - from) / 1_000;
	await sandbox.close();

	printFigure({ what: '10 calls, 5 answers lost', value: seconds, unit: 's', limit: 15 });
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
});
