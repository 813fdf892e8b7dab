import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { output } from './execution';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { leads, phone, type Lead, type Parameters } from './workflow';

let n8n: N8n;
let sandbox: Sandbox;
let apiKey: Credential;
let workspace: Credential;

beforeAll(async () => {
	n8n = await startN8nWithNode();
});
afterAll(async () => {
	await n8n?.stop();
});

beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 1_000, refuseConcurrent: false });
	const account = {
		apiKey: 'sandbox-key',
		baseUrl: sandbox.url,
		requestsPerMinute: 1_000,
		concurrentCalls: 3,
	};
	apiKey = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	workspace = await n8n.createCredential('twenty2WorkspaceApi', 'Twenty2', {
		...account,
		apiSecret: 'sandbox-secret',
		workspaceId: 'ws_sandbox',
	});
	return () => sandbox.close();
});

/** Runs a campaign with the workspace credential. */
const inWorkspace = async (given: Lead[], parameters: Parameters = {}) =>
	await run(given, { authentication: 'workspace', ...parameters }, workspace);

const run = async (given: Lead[], parameters: Parameters, credential: Credential) => {
	const settings = { onError: 'continueErrorOutput' } as const;
	const campaign = await createCampaign(n8n, credential, parameters, settings);
	return await campaign.run(given);
};

describe('Get Many Calls in n8n', () => {
	it('lists the calls that Create Call placed, for each item', async () => {
		await inWorkspace(leads(3));
		const execution = await inWorkspace(leads(2), {
			operation: 'getManyCalls',
			limit: 2,
			queryParameters: { parameter: [{ name: 'of', value: '={{ $json.name }}' }] },
		});

		const newest = sandbox.seen.calls.toReversed().slice(0, 2);
		expect(execution.status).toBe('success');
		expect(output(execution).map(({ json, pairedItem }) => ({ json, pairedItem }))).toEqual(
			[0, 1].flatMap((item) =>
				newest.map(({ call_id, number }) => ({
					json: expect.objectContaining({
						call_id,
						status: expect.any(String),
						assistant_id: 'asst_demo',
						to_number: number,
					}),
					pairedItem: { item },
				})),
			),
		);
		const asked = sandbox.seen.requests.filter(({ method }) => method === 'GET');
		expect(asked.map(({ path }) => path).sort()).toEqual([
			'/api/call/logs?of=Lead%200',
			'/api/call/logs?of=Lead%201',
		]);
	});

	it('returns all, untouched, where that is wanted', async () => {
		const calls = Array.from({ length: 120 }, (_, n) => ({ status: 'x', call_id: `call_${n}`, n }));
		sandbox.behaveReads('*', { kind: 'answer', status: 200, body: { success: true, calls } });
		const parameters = { operation: 'getManyCalls', output: 'raw' };
		const all = await inWorkspace(leads(1), { ...parameters, returnAll: true });
		const first = await inWorkspace(leads(1), parameters);

		expect(output(all).map(({ json }) => json)).toEqual(calls);
		expect(output(first).map(({ json }) => json)).toEqual(calls.slice(0, 50));
	});

	it('is refused with an API key, on the error output with the fields of the lead', async () => {
		const parameters = { authentication: 'apiKey', operation: 'getManyCalls' };
		const execution = await run(leads(2), parameters, apiKey);

		expect(output(execution)).toEqual([]);
		expect(output(execution, 1).map(({ json }) => json)).toMatchObject(
			[0, 1].map((n) => ({
				name: `Lead ${n}`,
				phone: phone(n),
				error: {
					code: 'INVALID_INPUT',
					message: 'Get Many Calls needs a Twenty2 Workspace API credential',
					attempts: 0,
				},
			})),
		);
		expect(sandbox.seen.requests).toEqual([]);
	});
});
