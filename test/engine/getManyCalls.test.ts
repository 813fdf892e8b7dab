import type { IDataObject } from 'n8n-workflow';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { NodeUnderTest } from './engine';
import { createCallNode, engineFor, leads, phone, twenty2Type } from './twenty2';

const oneItem: IDataObject[] = [{ name: 'Anybody' }];

/** A Twenty2 node that lists calls. */
const getManyCallsNode = (
	parameters: IDataObject = {},
	onError: NodeUnderTest['onError'] = 'continueErrorOutput',
): NodeUnderTest => ({
	type: twenty2Type,
	name: 'Twenty2',
	credentials: parameters.authentication === 'apiKey' ? 'twenty2Api' : 'twenty2WorkspaceApi',
	parameters: { authentication: 'workspace', operation: 'getManyCalls', ...parameters },
	onError,
});

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, ringMs: 1, talkMs: 1 });
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.close());

/** The IDs of a number of placed calls, the newest first, as Twenty2 lists them. */
const placed = async (count: number): Promise<string[]> => {
	const node = createCallNode({ authentication: 'workspace' });
	await engineFor(sandbox).run({ items: leads(count), node });
	await expect.poll(() => sandbox.seen.calls.every((call) => Date.now() > call.endedAt)).toBe(true);
	return sandbox.seen.calls.map(({ call_id }) => call_id).reverse();
};

const list = async (parameters = {}, { items = oneItem, credential = {} } = {}) =>
	await engineFor(sandbox, credential).run({ items, node: getManyCallsNode(parameters) });

const answerWith = (body: unknown, status = 200) =>
	sandbox.behaveReads('*', { kind: 'answer', status, body });
const calls = (count: number) =>
	Array.from({ length: count }, (_, n) => ({ call_id: `call_${n}`, status: 'completed' }));
const listed = () => sandbox.seen.requests.filter(({ method }) => method === 'GET');

it('gives each call under the names of Get Call, in the order of Twenty2', async () => {
	const ids = await placed(3);
	const { success } = await list();
	expect(success.map(({ json }) => json.call_id)).toEqual(ids);
	expect(success[2]?.json).toEqual({
		call_id: ids[2],
		status: 'completed',
		to_number: phone(0),
		from_number: '+917971441943',
		assistant_id: 'asst_demo',
		duration_seconds: 1,
		cost: expect.any(String),
		ended_at: expect.any(String),
	});
});

it('gives each call untouched where Output is Raw', async () => {
	const sent = [
		{ tomorrow: [1, { z: null }], call_id: 'call_1', status: 'x', agent_id: '' },
		{ status: 'y', call_id: 'call_2' },
	];
	answerWith({ calls: sent, success: true, page: 1 });
	const { success } = await list({ output: 'raw' });
	expect(JSON.stringify(success.map(({ json }) => json))).toBe(JSON.stringify(sent));
});

it('gives the selected fields of each call', async () => {
	const ids = await placed(2);
	const { success } = await list({ output: 'selected', outputFields: ['direction', 'call_id'] });
	expect(success.map(({ json }) => json)).toEqual(
		ids.map((call_id) => ({ call_id, direction: 'outbound' })),
	);
});

it.each([
	['the first 50', {}, 50],
	['as many as the limit says', { limit: 2 }, 2],
	['what there is where the limit is higher', { limit: 1_000 }, 60],
	['all of them', { returnAll: true }, 60],
	['all of them, whatever limit was set before', { returnAll: true, limit: 2 }, 60],
])('gives %s', async (_, parameters, count) => {
	answerWith({ success: true, calls: calls(60) });
	const { success } = await list(parameters);
	expect(success.map(({ json }) => json)).toEqual(calls(60).slice(0, count));
	expect(listed()).toHaveLength(1);
});

it('gives nothing where there are no calls', async () => {
	const run = await list();
	expect(run).toMatchObject({ status: 'success', success: [], errors: [] });
});

it('asks Twenty2 with the query parameters', async () => {
	const parameter = [
		{ name: ' page ', value: 2 },
		{ name: 'agent_id', value: '={{ $json.agent }}' },
		{ name: 'from', value: '2026-05-22T00:00:00+05:30' },
		{ name: 'empty', value: '' },
	];
	await list({ queryParameters: { parameter } }, { items: [{ name: 'x', agent: 'a b&c=d' }] });
	const { pathname, searchParams } = new URL(listed()[0]?.path ?? '', sandbox.url);
	expect(pathname).toBe('/api/call/logs');
	expect([...searchParams]).toEqual([
		['page', '2'],
		['agent_id', 'a b&c=d'],
		['from', '2026-05-22T00:00:00+05:30'],
		['empty', ''],
	]);
});

it('asks once for each item, whose calls are paired with it', async () => {
	const ids = await placed(2);
	const items = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
	const { success } = await list({}, { items });
	expect(success.map(({ json, pairedItem }) => [json.call_id, pairedItem])).toEqual(
		items.flatMap((_, item) => ids.map((id) => [id, { item }])),
	);
	expect(listed()).toHaveLength(3);
});

it('tells a refusal under 200 by its status', async () => {
	answerWith({ success: false, statusCode: 403, message: 'Not yours', calls: calls(1) });
	const { errors } = await list();
	expect(errors[0]?.json.error).toMatchObject({ code: 'FORBIDDEN', message: 'Not yours' });
});

it.each<[string, IDataObject, string]>([
	['a limit of 0', { limit: 0 }, 'Limit'],
	['half a call', { limit: 1.5 }, 'Limit'],
	['a limit in words', { limit: '={{ "many" }}' }, 'Limit'],
	['Return All in words', { returnAll: '={{ "yes" }}' }, 'Return All'],
	['Output of undefined', { output: '={{ $json.nothing }}' }, 'Output'],
	['retries below zero', { options: { maxRetries: -1 } }, 'Max Retries'],
	...(
		[
			['a parameter without a name', [{ name: ' ', value: 'x' }]],
			['a parameter of undefined', [{ name: 'page', value: '={{ $json.nothing }}' }]],
			['a parameter of a list', [{ name: 'page', value: '={{ [1, 2] }}' }]],
			[
				'a parameter given twice',
				[
					{ name: 'page', value: '1' },
					{ name: 'page', value: '2' },
				],
			],
		] satisfies Array<[string, IDataObject[]]>
	).map(([what, parameter]): [string, IDataObject, string] => [
		what,
		{ queryParameters: { parameter } },
		'Query Parameters',
	]),
])('%s is refused, naming the field', async (_, parameters, field) => {
	const { errors } = await list(parameters);
	expect(errors.map(({ json }) => json.error)).toEqual([
		{
			code: 'INVALID_INPUT',
			message: expect.stringMatching(`^${field} (must|has)`),
			description: expect.any(String),
			status: null,
			source: 'n8n',
			attempts: 0,
		},
	]);
	expect(sandbox.seen.requests).toEqual([]);
});

it('says with an API key that it needs a workspace credential', async () => {
	const items = [{ name: 'a' }, { name: 'b' }];
	const run = await list({ authentication: 'apiKey' }, { items });
	expect(run.errors.map(({ json, pairedItem }) => [json.error, pairedItem])).toEqual(
		items.map((_, item) => [
			{
				code: 'INVALID_INPUT',
				message: 'Get Many Calls needs a Twenty2 Workspace API credential',
				description: 'Choose one under Credential',
				status: null,
				source: 'n8n',
				attempts: 0,
			},
			{ item },
		]),
	);
	expect(sandbox.seen.requests).toEqual([]);
});

it('ends the run under Stop Workflow, without a word about placed calls', async () => {
	sandbox.behaveReads('*', 'teapot');
	const node = getManyCallsNode({}, 'stopWorkflow');
	const { error } = await engineFor(sandbox).run({ items: oneItem, node });
	expect(error).toMatchObject({
		name: 'NodeApiError',
		code: 'HTTP_418',
		httpCode: '418',
		message: expect.not.stringMatching(/placed/),
	});
});
