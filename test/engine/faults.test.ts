import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { apiKey } from '../../nodes/Twenty2/api/apiKey';
import type { Twenty2 } from '../../nodes/Twenty2/api/client';
import { startSandbox, type Sandbox } from '../../sandbox';
import { agentNodeTypes, agentWith } from './agent';
import { createCallNode, engineFor, getCallNode, leads, onceEach, phone } from './twenty2';

const { speak } = apiKey;

/** A fault that quotes what must stay secret. */
const fault = () =>
	new TypeError(`Cannot read properties of undefined (Bearer sandbox-key, ${phone(1)})`);

/** Lets the node do something else than it should, in its API client. */
const breakClient = (change: (twenty2: Twenty2) => Partial<Twenty2>) =>
	vi.spyOn(apiKey, 'speak').mockImplementation((send) => {
		const twenty2 = speak(send);
		return { ...twenty2, ...change(twenty2) };
	});

/** The create to the second lead is answered, and then the node meets a fault. */
const breakAfterCreate = () =>
	breakClient((twenty2) => ({
		async createCall(call, sending) {
			const answer = await twenty2.createCall(call, sending);
			if (call.toNumber === phone(1)) throw fault();
			return answer;
		},
	}));

const unexpected = {
	code: 'UNEXPECTED',
	message:
		'Something unexpected happened inside this node: TypeError: Cannot read properties of undefined (Bearer … …',
	description: expect.stringContaining('Report it'),
	status: null,
	source: 'n8n',
};

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
});
afterEach(async () => {
	vi.restoreAllMocks();
	await sandbox.close();
});

const retryOnFail = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };

it('a fault of the node after a create was sent fails its item alone, and nobody is phoned again', async () => {
	breakAfterCreate();
	const run = await engineFor(sandbox).run({
		// The first output item has to be the failed one, or n8n would not run the node again.
		items: [...leads(9).slice(1), ...leads(1)],
		node: createCallNode({}, { onError: 'continueErrorOutput', ...retryOnFail }),
	});

	expect(run.success).toHaveLength(8);
	expect(run.errors.map(({ json }) => json.error)).toEqual([
		{ ...unexpected, outcome: 'unknown', attempts: 1 },
	]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(9)));
});

it('a fault of the node stops the run under Stop Workflow, and nobody is phoned again by a retry', async () => {
	breakAfterCreate();
	const run = await engineFor(sandbox).run({ items: leads(9), node: createCallNode() });
	const again = await run.retry();

	for (const { error } of [run, again]) {
		expect(error).toMatchObject({
			name: 'NodeApiError',
			code: 'UNEXPECTED',
			message: expect.stringContaining('1 call may have been placed.'),
			context: {
				itemIndex: 1,
				data: { error: { ...unexpected, outcome: 'unknown', attempts: 1 } },
			},
		});
	}
	expect(sandbox.seen.callsTo(phone(1))).toHaveLength(1);
	expect(new Set(Object.values(sandbox.seen.perNumber()))).toEqual(new Set([1]));
});

it('a fault of the node in a tool does not make its next try dial again', async () => {
	breakAfterCreate();
	const agent = agentWith(createCallNode({}, retryOnFail));
	const engine = engineFor(sandbox, {}, agentNodeTypes());
	const items = [{ phone: phone(1) }];
	const { success } = await engine.runWorkflow(agent, { items, observe: 'Agent' });
	expect(success.map(({ json }) => json.told)).toEqual([
		expect.stringMatching(/^UNEXPECTED: .*; 1 call may have been placed\./),
	]);
	expect(sandbox.seen.perNumber()).toEqual({ [phone(1)]: 1 });
});

it('a fault of the node keeps the deduplication key of a call that may have been placed', async () => {
	breakAfterCreate();
	const engine = engineFor(sandbox);
	const options = { deduplicationKey: '={{ $json.phone }}' };
	const node = createCallNode({ options }, { onError: 'continueRegularOutput' });
	await engine.run({ items: leads(3), node });
	vi.restoreAllMocks();
	await engine.run({ items: leads(3), node });
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(3)));
});

it('a fault of the node while an item is checked fails that item, and nothing is sent for it', async () => {
	breakClient(() => ({
		whyNotDialable(number) {
			if (number === phone(1)) throw fault();
			return undefined;
		},
	}));
	const node = createCallNode({}, { onError: 'continueRegularOutput' });
	const run = await engineFor(sandbox).run({ items: leads(3), node });
	expect(run.success.map(({ json }) => json.error)).toEqual([
		undefined,
		{ ...unexpected, outcome: 'not_placed', attempts: 0 },
		undefined,
	]);
	expect(sandbox.seen.callsTo(phone(1))).toEqual([]);
});

it('a fault of the node after a call was placed says that it was placed', async () => {
	sandbox.pace.talkMs = 0;
	breakClient(() => ({
		unify() {
			throw fault();
		},
	}));
	const options = { pollIntervalSeconds: 1 };
	const run = await engineFor(sandbox).run({
		items: leads(1),
		node: createCallNode(
			{ waitForCompletion: true, options },
			{ onError: 'continueRegularOutput' },
		),
	});
	expect(run.success.map(({ json }) => json.error)).toEqual([
		expect.objectContaining({
			...unexpected,
			outcome: 'placed',
			call_id: sandbox.seen.calls[0]?.call_id,
		}),
	]);
});

it('a fault of the node while a call is looked up fails that item alone', async () => {
	breakClient((twenty2) => ({
		async getCall(callId, timing) {
			const body = await twenty2.getCall(callId, timing);
			if (callId === sandbox.seen.calls[1]?.call_id) throw fault();
			return body;
		},
	}));
	const engine = engineFor(sandbox);
	const placed = await engine.run({ items: leads(3), node: createCallNode() });
	const run = await engine.run({
		items: sandbox.seen.calls.map(({ call_id }) => ({ call_id })),
		node: getCallNode({}, { onError: 'continueRegularOutput' }),
	});
	expect(placed.success).toHaveLength(3);
	expect(run.success.map(({ json }) => json.error)).toEqual([
		undefined,
		{ ...unexpected, attempts: 1 },
		undefined,
	]);
});
