import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads, phone } from './twenty2';

let sandbox: Sandbox;
const answered: unknown[] = [];
beforeAll(async () => {
	sandbox = await startSandbox({
		requestsPerMinute: 10_000,
		refuseConcurrent: false,
		onRequest: ({ headers }) => answered.push(headers['idempotency-key']),
	});
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.close());

it('places each call once and answers in input order, whatever order the network had', async () => {
	sandbox.behave(phone(0), { kind: 'slow', ms: 1_500 });
	const run = await engineFor(sandbox).run({ items: leads(5), node: createCallNode() });

	const placed = new Map(sandbox.seen.calls.map((call) => [call.number, call.call_id]));
	expect(run.success).toEqual(
		leads(5).map((lead, item) => ({
			json: { call_id: placed.get(lead.phone), status: 'queued', message: 'Call queued' },
			pairedItem: { item },
		})),
	);
	expect(answered.at(-1)).toBe(sandbox.seen.callsTo(phone(0))[0]?.idempotencyKey);
	expect(sandbox.seen.calls).toHaveLength(5);
});

it.each([{}, { resource: 'call' }])('runs in a workflow whose JSON has %o', async (parameters) => {
	const run = await engineFor(sandbox).run({
		items: leads(1),
		node: createCallNode(parameters),
	});
	expect(run.success[0]?.json.call_id).toBe(sandbox.seen.callsTo(phone(0))[0]?.call_id);
});

it('sends the API key generation what it documents', async () => {
	await engineFor(sandbox).run({
		items: leads(1),
		node: createCallNode({
			inputParameters: {
				parameter: [
					{ name: 'customerName', value: '={{ $json.name }}' },
					{ name: 'tries', value: '={{ 3 }}' },
					{ name: 'nickname', value: '={{ null }}' },
				],
			},
			options: { additionalBodyFields: '{"priority": {"level": 2}}' },
		}),
	});

	expect(sandbox.seen.requests[0]).toMatchObject({
		method: 'POST',
		path: '/v1/calls',
		key: 'apiKey:sandbox-key',
		status: 200,
	});
	expect(sandbox.seen.calls[0]?.body).toEqual({
		assistant_id: 'asst_demo',
		from_number: '+917971441943',
		to_number: phone(0),
		input_parameters: { customerName: 'Lead 0', tries: 3, nickname: null },
		priority: { level: 2 },
	});
});

it.each([
	['of the field', { defaultCountry: 'IN' }],
	['that an expression names', { defaultCountry: '={{ "india" }}' }],
])('takes numbers as people write them in the country %s', async (_, parameters) => {
	await engineFor(sandbox).run({
		items: [{ phone: '098765 43210' }],
		node: createCallNode({ fromNumber: '(0)79714-41943', ...parameters }),
	});
	expect(sandbox.seen.callsTo('+919876543210')[0]?.from_number).toBe('+917971441943');
});

it('sends the workspace generation what it documents', async () => {
	const run = await engineFor(sandbox).run({
		items: leads(2),
		node: createCallNode({
			authentication: 'workspace',
			specifyInputParameters: 'json',
			inputParametersJson: '={{ { customerName: $json.name } }}',
		}),
	});

	expect(sandbox.seen.requests.map(({ path, key }) => ({ path, key }))).toEqual(
		[0, 1].map(() => ({
			path: '/api/agent/trigger-outbound-call',
			key: 'workspace:sandbox-key',
		})),
	);
	expect(sandbox.seen.callsTo(phone(1))[0]?.body).toEqual({
		agent_id: 'asst_demo',
		callee_phone: phone(1).slice(3),
		caller_phone: '7971441943',
		input_parameters: { customerName: 'Lead 1' },
	});
	expect(run.success[1]?.json).toEqual({
		call_id: sandbox.seen.callsTo(phone(1))[0]?.call_id,
		status: 'initiated',
		message: expect.any(String),
	});
});

it('sends the same idempotency key with every attempt of a call, and another for each call', async () => {
	sandbox.behave(phone(0), '500 once');
	await engineFor(sandbox).run({ items: leads(2), node: createCallNode() });

	const keys = sandbox.seen.requests.map(({ headers }) => headers['idempotency-key']);
	expect(keys).toHaveLength(3);
	expect(keys).not.toContain(undefined);
	expect(new Set(keys).size).toBe(2);
});

it('never has more creates in flight than the credential allows', async () => {
	for (const { phone: number } of leads(12)) sandbox.behave(number, { kind: 'slow', ms: 30 });
	const run = await engineFor(sandbox, { concurrentCalls: 2 }).run({
		items: leads(12),
		node: createCallNode(),
	});
	expect(run.success).toHaveLength(12);
	expect(sandbox.seen.mostInFlight).toBe(2);
});

it('shares the lines of a key between executions', async () => {
	for (const { phone: number } of leads(12)) sandbox.behave(number, { kind: 'slow', ms: 30 });
	const items = leads(12);
	const half = (from: number) =>
		engineFor(sandbox).run({ items: items.slice(from, from + 6), node: createCallNode() });
	await Promise.all([half(0), half(6)]);
	expect(sandbox.seen.calls).toHaveLength(12);
	expect(sandbox.seen.mostInFlight).toBe(3);
});

it('works with a base URL that ends in a slash, and with the one of the workspace documentation', async () => {
	const slash = engineFor(sandbox, { baseUrl: `${sandbox.url}/` });
	const documented = engineFor(sandbox, { baseUrl: `${sandbox.url}/api/` });
	const runs = [
		await slash.run({ items: leads(1), node: createCallNode() }),
		await slash.run({ items: leads(1), node: createCallNode({ authentication: 'workspace' }) }),
		await documented.run({
			items: leads(1),
			node: createCallNode({ authentication: 'workspace' }),
		}),
	];
	expect(runs.map((run) => run.success.length)).toEqual([1, 1, 1]);
});
