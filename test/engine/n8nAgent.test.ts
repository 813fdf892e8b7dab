import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { runInN8nAgent } from './n8nAgent';
import { phone } from './twenty2';

const createCall = { operation: 'createCall', toNumber: "={{ $fromAI('phone') }}" };

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000 });
});
afterEach(() => sandbox.close());

const call = async (parameters = {}) =>
	await runInN8nAgent(sandbox, { ...createCall, ...parameters }, { phone: phone(1) });

it('in an Agent of n8n Create Call places a call, and each run is a call of its own', async () => {
	const runs = [await call(), await call()];
	const placed = sandbox.seen.callsTo(phone(1)).map(({ call_id }) => call_id);
	expect(placed).toHaveLength(2);
	expect(runs).toEqual(
		placed.map((call_id) => [
			{ json: expect.objectContaining({ call_id }), pairedItem: { item: 0 } },
		]),
	);
});

it('in an Agent of n8n Create Call waits for the end of a call', async () => {
	sandbox.pace.talkMs = 0;
	const options = { pollIntervalSeconds: 1 };
	expect(await call({ waitForCompletion: true, options })).toMatchObject([
		{ json: { call_id: sandbox.seen.calls[0]?.call_id, status: 'completed' } },
	]);
});

it('in an Agent of n8n Get Call looks a call up', async () => {
	await call();
	const given = { call_id: sandbox.seen.calls[0]?.call_id };
	const getCall = { operation: 'getCall', callId: "={{ $fromAI('call_id') }}" };
	expect(await runInN8nAgent(sandbox, getCall, given)).toMatchObject([{ json: given }]);
});

it('in an Agent of n8n a failure tells the model in one sentence what happened', async () => {
	sandbox.behave(phone(1), 'place and cut');
	expect(await call()).toMatch(/^OUTCOME_UNKNOWN: .*; 1 call may have been placed\.$/);
	expect(sandbox.seen.callsTo(phone(1))).toHaveLength(1);
});

it('in an Agent of n8n Call Only Once per Key is refused, because n8n keeps keys by workflow', async () => {
	expect(await call({ options: { deduplicationKey: 'asha' } })).toMatch(
		/^INVALID_INPUT: The key of Call Only Once per Key could not be recorded by n8n, so the call was not placed: it runs the node outside of a workflow; no call was placed\.$/,
	);
	expect(sandbox.seen.requests).toEqual([]);
});

it.each([null, '', 'null', 'None'])(
	'in an Agent of n8n Create Call takes %j for no key, and for no parameter but “None”',
	async (nothing) => {
		const given = { phone: phone(1), key: nothing, name: nothing };
		const parameter = [{ name: 'customerName', value: "={{ $fromAI('name') }}" }];
		const options = { deduplicationKey: "={{ $fromAI('key') }}" };
		const parameters = { ...createCall, inputParameters: { parameter }, options };
		expect(await runInN8nAgent(sandbox, parameters, given)).toMatchObject([
			{ json: { status: 'queued' } },
		]);
		expect(sandbox.seen.callsTo(phone(1))[0]?.body.input_parameters).toEqual(
			nothing === 'None' ? { customerName: 'None' } : undefined,
		);
	},
);
