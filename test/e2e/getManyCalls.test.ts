import { expect } from 'vitest';

import { output } from './execution';
import { inN8n } from './n8nWithNode';
import { leads, phone } from './workflow';

const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };
const it = inN8n({ twenty2: { requestsPerMinute: 1_000, refuseConcurrent: false }, limits });

const onError = { onError: 'continueErrorOutput' } as const;

it('Get Many Calls lists the calls that Create Call placed, for each item', async ({
	sandbox,
	campaign,
}) => {
	const created = await campaign({ authentication: 'workspace' }, onError);
	await created.run(leads(3));
	const { run } = await campaign(
		{
			authentication: 'workspace',
			operation: 'getManyCalls',
			limit: 2,
			queryParameters: { parameter: [{ name: 'of', value: '={{ $json.name }}' }] },
		},
		onError,
	);
	const execution = await run(leads(2));

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

it('Get Many Calls returns all, untouched, where that is wanted', async ({ sandbox, campaign }) => {
	const calls = Array.from({ length: 120 }, (_, n) => ({ status: 'x', call_id: `call_${n}`, n }));
	sandbox.behaveReads('*', { kind: 'answer', status: 200, body: { success: true, calls } });
	const parameters = { authentication: 'workspace', operation: 'getManyCalls', output: 'raw' };
	const returningAll = await campaign({ ...parameters, returnAll: true }, onError);
	const all = await returningAll.run(leads(1));
	const limited = await campaign(parameters, onError);
	const first = await limited.run(leads(1));

	expect(output(all).map(({ json }) => json)).toEqual(calls);
	expect(output(first).map(({ json }) => json)).toEqual(calls.slice(0, 50));
});

it('Get Many Calls is refused with an API key, on the error output with the fields of the lead', async ({
	sandbox,
	campaign,
}) => {
	const parameters = { authentication: 'apiKey', operation: 'getManyCalls' };
	const { run } = await campaign(parameters, onError);
	const execution = await run(leads(2));

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
