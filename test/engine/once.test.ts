import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Sandbox } from '../../sandbox';
import { agentNodeTypes, agentWith } from './agent';
import { startWithAnswers, type Answers } from './answers';
import type { Run } from './engine';
import { loopAround } from './loopAround';
import { LoopOverItems } from './loopOverItems';
import { createCallNode, engineFor, leads, onceEach, phone } from './twenty2';

const noRetries = { options: { maxRetries: 0 } };
const retryOnFail = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };

let sandbox: Sandbox;
let answers: Answers;
beforeEach(async () => {
	({ sandbox, answers } = await startWithAnswers());
});
afterEach(() => sandbox.close());

const statusesOf = (...runs: Run[]) => runs.map(({ status }) => status);

it('nobody is phoned twice by Retry On Fail under Continue (using error output), whose first item always fails', async () => {
	sandbox.behave(phone(0), '500 always');
	const run = await engineFor(sandbox).run({
		items: leads(51),
		node: createCallNode(noRetries, { onError: 'continueErrorOutput', ...retryOnFail }),
	});

	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(51).slice(1)));
	expect(run.success).toHaveLength(50);
	expect(run.errors.map(({ json }) => json)).toEqual([
		expect.objectContaining({ name: 'Lead 0', error: expect.objectContaining({ attempts: 3 }) }),
	]);
});

it('nobody is phoned twice by Retry On Fail under Stop Workflow, when one fails twice and then works', async () => {
	sandbox.behave(phone(20), '500 twice');
	const run = await engineFor(sandbox).run({
		items: leads(31),
		node: createCallNode(noRetries, retryOnFail),
	});

	expect(run.error).toBeUndefined();
	expect(run.success.map(({ pairedItem }) => pairedItem)).toEqual(
		leads(31).map((_, item) => ({ item })),
	);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(31)));
});

it('nobody is phoned twice by Retry execution, twice in a row', async () => {
	sandbox.behave(phone(20), '500 twice');
	const failed = await engineFor(sandbox).run({
		items: leads(31),
		node: createCallNode(noRetries),
	});
	const failedAgain = await failed.retry();
	const done = await failedAgain.retry();

	expect(statusesOf(failed, failedAgain, done)).toEqual(['error', 'error', 'success']);
	expect(done.success).toHaveLength(31);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(31)));
});

it('nobody is phoned twice by Retry execution of an execution whose retry has failed too', async () => {
	sandbox.behave(phone(0), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
	sandbox.behave(phone(5), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
	const failed = await engineFor(sandbox).run({ items: leads(6), node: createCallNode() });
	const failedAgain = await failed.retry();
	const done = await failed.retry();

	expect(statusesOf(failed, failedAgain)).toEqual(['error', 'error']);
	// What the retry has placed is stored with the retry alone, so the execution itself only knows of it.
	expect(done.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
	expect((await failedAgain.retry()).success).toHaveLength(6);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
});

it('nobody is phoned twice by Retry execution of an execution whose retry has succeeded', async () => {
	sandbox.behave(phone(0), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
	const failed = await engineFor(sandbox).run({ items: leads(6), node: createCallNode() });
	expect((await failed.retry()).success).toHaveLength(6);
	expect((await failed.retry()).error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
});

it('nobody is phoned twice by Retry execution that is clicked twice', async () => {
	sandbox.behave(phone(0), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
	const failed = await engineFor(sandbox).run({ items: leads(6), node: createCallNode() });
	const runs = await Promise.all([failed.retry(), failed.retry()]);
	expect(runs.map(({ success, error }) => error ?? success.length)).toEqual(
		expect.arrayContaining([6, expect.objectContaining({ code: 'OUTCOME_UNKNOWN' })]),
	);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
});

const call = async (parameters = {}) => {
	const agent = agentWith(createCallNode(parameters, retryOnFail));
	const engine = engineFor(sandbox, {}, agentNodeTypes());
	const { success } = await engine.runWorkflow(agent, { items: leads(1), observe: 'Agent' });
	return success.map(({ json }) => json.told);
};

it('nobody is phoned twice by Retry On Fail of a tool after an answer that got lost', async () => {
	sandbox.behave(phone(0), 'place and cut');
	expect(await call()).toEqual([expect.stringMatching(/^OUTCOME_UNKNOWN: /)]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
});

it('nobody is phoned twice by Retry On Fail of a tool while the call that is waited for goes on', async () => {
	sandbox.pace.talkMs = 600_000;
	const options = { maxWaitMinutes: 0 };
	expect(await call({ waitForCompletion: true, options })).toEqual([
		expect.stringMatching(/^WAIT_TIMEOUT: /),
	]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
});

it('Retry On Fail of a tool tries again what was not placed', async () => {
	sandbox.behave(phone(0), '500 twice');
	expect(await call(noRetries)).toEqual([expect.stringContaining('call_id')]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
});

it('nobody is phoned twice by Retry execution of an agent that failed after it had called', async () => {
	const engine = engineFor(sandbox, {}, agentNodeTypes(2));
	const items = [...leads(2), ...leads(1)];
	const agent = agentWith(createCallNode());
	const failed = await engine.runWorkflow(agent, { items, observe: 'Agent' });
	const failedAgain = await failed.retry();
	const done = await failed.retry();
	expect(statusesOf(failed, failedAgain, done)).toEqual(['error', 'error', 'success']);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(2)));
});

it('nobody is phoned twice by Retry execution of such an agent that is clicked twice, and then once more', async () => {
	const engine = engineFor(sandbox, {}, agentNodeTypes(2));
	const agent = agentWith(createCallNode());
	const failed = await engine.runWorkflow(agent, { items: leads(4), observe: 'Agent' });
	await Promise.all([failed.retry(), failed.retry()]);
	await failed.retry();
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(4)));
});

it.each([
	['one after the other', false],
	['at once', true],
])(
	'nobody is phoned twice by a model that repeats a tool call %s, and the model is told',
	async (_, atOnce) => {
		const engine = engineFor(sandbox, {}, agentNodeTypes(0, atOnce));
		const items = [...leads(1), ...leads(1)];
		const { success } = await engine.runWorkflow(agentWith(createCallNode()), {
			items,
			observe: 'Agent',
		});
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
		const told = success.map(({ json }) => String(json.told));
		const callId = sandbox.seen.callsTo(phone(0))[0]?.call_id;
		for (const answer of told) expect(answer).toContain(callId);
		expect(told.filter((answer) => answer.includes('was not phoned again'))).toHaveLength(1);
	},
);

it('nobody is phoned twice by a model that repeats a tool call whose answer got lost', async () => {
	sandbox.behave(phone(0), 'place and cut');
	const engine = engineFor(sandbox, {}, agentNodeTypes());
	const items = [...leads(1), ...leads(1)];
	const { success } = await engine.runWorkflow(agentWith(createCallNode()), {
		items,
		observe: 'Agent',
	});
	expect(success.map(({ json }) => String(json.told))).toEqual([
		expect.stringMatching(/^OUTCOME_UNKNOWN: /),
		expect.stringMatching(/^OUTCOME_UNKNOWN: /),
	]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
});

it('the failure says that a person was phoned when a later try finds something wrong with the item', async () => {
	sandbox.behave(phone(2), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
	sandbox.behave(phone(1), 'place and cut');
	const engine = engineFor(sandbox);
	const run = await engine.run({ items: leads(3), node: createCallNode() });
	const wrong = structuredClone(run.workflow);
	for (const node of wrong.nodes) {
		if (node.name === 'Twenty2') {
			Object.assign(node, { onError: 'continueRegularOutput' });
			Object.assign(node.parameters, { assistantId: ' ' });
		}
	}
	const { success } = await run.retry({ workflow: wrong });
	expect(success.map(({ json }) => json.error)).toEqual([
		expect.objectContaining({
			code: 'INVALID_INPUT',
			outcome: 'placed',
			call_id: sandbox.seen.callsTo(phone(0))[0]?.call_id,
		}),
		expect.objectContaining({ code: 'INVALID_INPUT', outcome: 'unknown' }),
		expect.objectContaining({ code: 'INVALID_INPUT', outcome: 'not_placed' }),
	]);
});

it.each(['place and cut', 'empty 200', '502 html'] as const)(
	'nobody is phoned twice after an answer that got lost (%s), whatever is retried',
	async (behaviour) => {
		sandbox.behave(phone(2), behaviour);
		const calls = behaviour === '502 html' ? 0 : 1;
		const first = await engineFor(sandbox).run({
			items: leads(6),
			node: createCallNode({}, retryOnFail),
		});
		const again = await first.retry();
		const oncemore = await again.retry();

		for (const run of [first, again, oncemore]) {
			expect(run.error).toMatchObject({
				code: behaviour === 'empty 200' ? 'INVALID_RESPONSE' : 'OUTCOME_UNKNOWN',
				context: { itemIndex: 2, data: { error: { outcome: 'unknown', attempts: 1 } } },
			});
		}
		expect(sandbox.seen.callsTo(phone(2))).toHaveLength(calls);
		expect(Object.values(sandbox.seen.perNumber()).every((count) => count === 1)).toBe(true);
	},
);

it('a call of unknown outcome is placed again only where that was asked for', async () => {
	sandbox.behave(phone(0), { kind: 'cut', times: 1, places: true });
	const options = { maxRetries: 1, retryUnknownOutcome: true };
	const run = await engineFor(sandbox).run({
		items: leads(1),
		node: createCallNode({ options }),
	});

	expect(run.success).toHaveLength(1);
	expect(sandbox.seen.callsTo(phone(0))).toHaveLength(2);
});

it('the outcome stays unknown when a later attempt was refused', async () => {
	sandbox.behave(phone(0), { kind: 'cut', times: 1, places: true });
	const options = { maxRetries: 1, retryUnknownOutcome: true };
	const engine = engineFor(sandbox);
	const running = await engine.start({
		items: leads(1),
		node: createCallNode({ options }, { onError: 'continueRegularOutput' }),
	});
	answers.after(1, () => sandbox.behave(phone(0), '422 other'));
	const run = await running.finished;

	expect(run.success[0]?.json.error).toMatchObject({
		code: 'VALIDATION_ERROR',
		outcome: 'unknown',
		attempts: 2,
	});
});

it('the answers of an earlier try are reused as they were', async () => {
	sandbox.behave(phone(1), '500 once');
	const failed = await engineFor(sandbox).run({
		items: leads(2),
		node: createCallNode(noRetries),
	});
	const done = await failed.retry();
	expect(done.success[0]?.json).toEqual({
		call_id: sandbox.seen.callsTo(phone(0))[0]?.call_id,
		status: 'queued',
		message: 'Call queued',
	});
});

it('the same idempotency key is sent when an item is run again', async () => {
	sandbox.behave(phone(0), '500 once');
	const failed = await engineFor(sandbox).run({
		items: leads(1),
		node: createCallNode(noRetries),
	});
	await failed.retry();
	const keys = sandbox.seen.requests.map(({ headers }) => headers['idempotency-key']);
	expect(keys).toHaveLength(2);
	expect(keys[0]).toBe(keys[1]);
});

it.each([400, 401, 402, 403, 404, 409, 422])(
	'another idempotency key is sent after a %i, for the item may have changed',
	async (status) => {
		sandbox.behave(phone(0), { kind: 'refuse', status, message: 'No', times: 2 });
		const failed = await engineFor(sandbox).run({ items: leads(1), node: createCallNode() });
		const done = await (await failed.retry()).retry();
		expect(done.success).toHaveLength(1);
		const keys = sandbox.seen.requests.map(({ headers }) => headers['idempotency-key']);
		expect(keys).toHaveLength(3);
		expect(new Set(keys).size).toBe(3);
	},
);

it('a person who is on the list twice is phoned twice', async () => {
	const run = await engineFor(sandbox).run({
		items: [...leads(1), ...leads(1)],
		node: createCallNode(),
	});
	expect(run.success).toHaveLength(2);
	expect(sandbox.seen.callsTo(phone(0))).toHaveLength(2);
});

it('the passes of a loop are told apart, and nobody is phoned again when one pass is retried', async () => {
	// Three passes of two leads; the same first person opens each pass.
	const items = [0, 1, 0, 2, 0, 3].map((n) => ({ phone: phone(n) }));
	sandbox.behave(phone(2), '500 once');
	const engine = engineFor(sandbox, {}, { 'test.loop': new LoopOverItems() });
	const node = createCallNode(noRetries);
	const failed = await engine.runWorkflow(loopAround(node), { items, observe: 'Loop' });
	expect(failed.status).toBe('error');
	expect(failed.error?.message).toContain('3 calls were already placed');
	const done = await failed.retry();

	expect(done.status).toBe('success');
	expect(sandbox.seen.perNumber()).toEqual({
		[phone(0)]: 3,
		[phone(1)]: 1,
		[phone(2)]: 1,
		[phone(3)]: 1,
	});
});
