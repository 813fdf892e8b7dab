import type { ICredentialTestFunctions } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startSandbox, type Sandbox } from '../../sandbox';
import { core } from './n8nCore';
import { createCallNode, engineFor, leads } from './twenty2';

/** What n8n's server gives a connection test. */
const n8n: ICredentialTestFunctions = new core.CredentialTestContext();
const { testApiKey, testWorkspace } = new Twenty2().methods.credentialTest;

describe.each([
	['apiKey', testApiKey, 404],
	['workspace', testWorkspace, 200],
] as const)('The connection test (%s)', (generation, test, answeredWith) => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox();
	});
	afterEach(() => sandbox.close());

	const isApiKey = generation === 'apiKey';
	const addressOf = (baseUrl: string) => (isApiKey ? `${baseUrl}/v1/calls` : baseUrl);
	const otherPath = isApiKey ? ' Then try the other Calls Path.' : '';

	const tested = async (changes: Record<string, unknown> = {}) =>
		await test.call(n8n, {
			id: '1',
			name: 'Twenty2',
			type: 'twenty2Api',
			data: {
				apiKey: 'sandbox-key',
				apiSecret: 'sandbox-secret',
				workspaceId: 'ws_sandbox',
				baseUrl: sandbox.url,
				requestsPerMinute: 60,
				concurrentCalls: 3,
				...changes,
			},
		});

	it('the connection test says OK for a right key, and places no call', async () => {
		expect(await tested()).toEqual({ status: 'OK', message: 'Connection successful' });
		expect(sandbox.seen.calls).toEqual([]);
		expect(sandbox.seen.requests).toEqual([
			expect.objectContaining({ method: 'GET', status: answeredWith }),
		]);
	});

	it('the connection test refuses a public address with http, to which the key would go unencrypted', async () => {
		expect(await tested({ baseUrl: 'http://api.twentytwo.in' })).toEqual({
			status: 'Error',
			message:
				'Base URL in the Twenty2 credential must begin with https://, because http:// would send the key unencrypted',
		});
	});

	it.each(generation === 'apiKey' ? ['/v1', '/v1/calls', '/v2'] : ['/api/v1', '/api/call/logs'])(
		'the connection test does not take a Base URL for right that ends in %s',
		async (end) => {
			const baseUrl = sandbox.url + end;
			expect(await tested({ baseUrl })).toEqual({
				status: 'Error',
				message: `Twenty2 has no calls at ${addressOf(baseUrl)}. Check Base URL: it is https://api.twentytwo.in, unless Twenty2 gave you another.${otherPath}`,
			});
			expect(sandbox.seen.requests).toHaveLength(1);
		},
	);

	it.each(['', '/', ...(generation === 'workspace' ? ['/api', '/api/'] : [])])(
		'the connection test takes a Base URL that ends in "%s"',
		async (end) => {
			expect(await tested({ baseUrl: sandbox.url + end })).toMatchObject({ status: 'OK' });
		},
	);

	it('the connection test does not take a 404 with a code of its own for an unknown call', async () => {
		const body = { success: false, error: { code: 'NOT_FOUND', message: 'No route', status: 404 } };
		sandbox.behaveReads('*', { kind: 'answer', status: 404, body });
		expect(await tested()).toMatchObject({
			status: 'Error',
			message: expect.stringContaining('Check Base URL'),
		});
	});

	it.each([
		['a wrong key', 'not-a-key', 401],
		['a key without access', 'sandbox-key-without-access', 403],
	])(
		'the connection test gives Twenty2’s own words for %s, and says where to copy a wrong one',
		async (_, apiKey, status) => {
			const words = { success: false, error: { code: 'X', message: 'Twenty2 says no', status } };
			sandbox.behaveReads('*', { kind: 'answer', status, body: words });
			const byTwenty2 = await tested({ apiKey });
			expect(byTwenty2.status).toBe('Error');
			expect(byTwenty2.message).toMatch(/key|access/i);
			const whereToCopy =
				'. Copy the API key again in Twenty2 under Profile → Integrations, and paste it into the Twenty2 credential.';
			expect(await tested()).toEqual({
				status: 'Error',
				message: `Twenty2 says no${status === 401 ? whereToCopy : ''}`,
			});
		},
	);

	it('the connection test says which address was not reached', async () => {
		await sandbox.close();
		const result = await tested();
		expect(result.status).toBe('Error');
		expect(result.message).toContain(sandbox.url);
	});

	it.each([
		['a page that is not there', { status: 404, body: '<h1>Not found</h1>' }],
		['some other page', { status: 200, body: '<h1>Welcome</h1>' }],
		['a redirect', { status: 302, headers: { location: '/' }, body: '' }],
		['a gateway', { status: 502, body: '<h1>Bad gateway</h1>' }],
	])('the connection test does not take %s for Twenty2', async (_, answer) => {
		sandbox.behaveReads('*', { kind: 'answer', ...answer });
		expect(await tested()).toEqual({
			status: 'Error',
			message: expect.stringMatching(
				`^${addressOf(sandbox.url)} does not answer as Twenty2 does \\(status \\d+\\)\\. Check Base URL`,
			),
		});
	});

	it('the connection test names a field that is wrong', async () => {
		expect(await tested({ baseUrl: 'api.twentytwo.in' })).toEqual({
			status: 'Error',
			message: expect.stringContaining('Base URL'),
		});
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('the connection test leaves a running campaign its limits when it tries lower ones', async () => {
		await sandbox.close();
		sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
		for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 100 });
		const campaign = await engineFor(sandbox).start({
			items: leads(9),
			node: createCallNode({ authentication: generation }),
		});
		await expect.poll(() => sandbox.seen.requests.length).toBeGreaterThanOrEqual(1);
		const from = performance.now();
		expect(await tested({ requestsPerMinute: 2, concurrentCalls: 1 })).toMatchObject({
			status: 'OK',
		});
		const { success } = await campaign.finished;
		expect(success).toHaveLength(9);
		// With two requests a minute it would take minutes.
		expect(performance.now() - from).toBeLessThan(30_000);
	});

	it('the connection test counts among the requests of the key, and does not wait behind a campaign', async () => {
		const first = await tested({ requestsPerMinute: 1 });
		const second = await tested({ requestsPerMinute: 1 });
		expect([first.status, second.status]).toEqual(['OK', 'Error']);
		expect(second.message).toContain('use up the limit of this key');
		expect(sandbox.seen.requests).toHaveLength(1);
	});
});

it('the connection test tells whether Calls Path is right', async () => {
	const sandbox = await startSandbox({ callsPath: '/api/calls' });
	const limits = { requestsPerMinute: 60, concurrentCalls: 3 };
	const tested = async (callsPath: string) => {
		const data = { apiKey: 'sandbox-key', baseUrl: sandbox.url, callsPath, ...limits };
		return await testApiKey.call(n8n, { id: '1', name: 'Twenty2', type: 'twenty2Api', data });
	};
	expect(await tested('/api/calls')).toMatchObject({ status: 'OK' });
	expect(await tested('/v1/calls')).toEqual({
		status: 'Error',
		message: `${sandbox.url}/v1/calls does not answer as Twenty2 does (status 404). Check Base URL: it is https://api.twentytwo.in, unless Twenty2 gave you another. Then try the other Calls Path.`,
	});
	await sandbox.close();
});
