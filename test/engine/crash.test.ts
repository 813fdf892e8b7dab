import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Run, RunningExecution, WorkflowJson } from './engine';
import { onN8n1 } from './n8nCore';
import { createCallNode, engineFor, leads, phone } from './twenty2';

const continues = { onError: 'continueRegularOutput' as const };

const codeOf = (json: Record<string, unknown>) => Object(json.error).code ?? json.status;

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
});
afterEach(() => sandbox.close());

/** An engine that has the node of another process too: it knows nothing of the first one. */
const twoProcesses = async () => {
	vi.resetModules();
	const { Twenty2 } = await import('../../nodes/Twenty2/Twenty2.node');
	return engineFor(sandbox, {}, { 'test.elsewhere': new Twenty2() });
};

const nodeIn = ({ nodes, ...workflow }: WorkflowJson, type: string): WorkflowJson => ({
	...workflow,
	nodes: nodes.map((node) => (node.name === 'Twenty2' ? { ...node, type } : node)),
});

/** Starts phoning a number of leads, and gets no more answers once a number of them have come. */
const killedAfter = async (count: number, answered: number) => {
	const engine = await twoProcesses();
	for (let n = answered; n < count; n++) sandbox.behave(phone(n), 'place and hang');
	const running = await engine.start({
		items: leads(count),
		node: createCallNode({ options: { requestTimeoutSeconds: 3600 } }, continues),
	});
	await expect.poll(() => sandbox.seen.calls.length).toBeGreaterThanOrEqual(answered + 3);
	for (let n = answered; n < count; n++) sandbox.behave(phone(n), { kind: 'slow', ms: 0 });
	return { engine, running };
};

const workflowOf = async (engine: Awaited<ReturnType<typeof twoProcesses>>) =>
	(await engine.run({ items: [], node: createCallNode({}, continues) })).workflow;

const everybodyOnce = (run: Run, count: number, mostInDoubt: number) => {
	expect(run.success).toHaveLength(count);
	const neverPhonedInDoubt = run.success.filter(
		({ json }, n) =>
			codeOf(json) === 'OUTCOME_UNKNOWN' && sandbox.seen.callsTo(phone(n)).length === 0,
	);
	expect(neverPhonedInDoubt.length).toBeLessThanOrEqual(mostInDoubt);
	for (const [n, { json }] of run.success.entries()) {
		const calls = sandbox.seen.callsTo(phone(n)).length;
		expect(calls, phone(n)).toBeLessThanOrEqual(1);
		expect(codeOf(json), phone(n)).toBe(
			calls === 1 && json.call_id !== undefined ? 'queued' : 'OUTCOME_UNKNOWN',
		);
	}
};

const stop = async (running: RunningExecution) => {
	running.cancel();
	await sandbox.close();
	await running.finished;
};

it.skipIf(onN8n1).each([0, 1, 19, 20, 33, 57])(
	'an execution that was killed phones nobody twice by "Retry execution" after %i answers, and everybody whom it never reached',
	async (answered) => {
		const { engine, running } = await killedAfter(60, answered);
		const retry = running.startAgain({
			by: 'retry',
			workflow: nodeIn(await workflowOf(engine), 'test.elsewhere'),
		});
		everybodyOnce(await retry.finished, 60, 20);
		await stop(running);
	},
);

it.skipIf(onN8n1)(
	'an execution that was killed phones nobody twice when it is retried once more',
	async () => {
		const { engine, running } = await killedAfter(60, 25);
		const workflow = nodeIn(await workflowOf(engine), 'test.elsewhere');
		const first = running.startAgain({ by: 'retry', workflow });
		await first.finished;
		const again = running.startAgain({ by: 'retry', workflow });
		const codes = (await again.finished).success.map(({ json }) => codeOf(json));
		expect(new Set(codes)).toEqual(new Set(['OUTCOME_UNKNOWN']));
		expect(Object.values(sandbox.seen.perNumber()).every((calls) => calls === 1)).toBe(true);
		await stop(running);
	},
);

it('an execution whose worker stood still phones nobody twice when another worker is given the same', async () => {
	const engine = await twoProcesses();
	const items = leads(50);
	for (const lead of items) sandbox.behave(lead.phone, { kind: 'slow', ms: 20 });
	const node = createCallNode({}, continues);
	const stalled = await engine.start({ items, node });
	await expect.poll(() => sandbox.seen.calls.length).toBeGreaterThanOrEqual(10);
	const other = stalled.startAgain({
		by: 'queue',
		workflow: nodeIn(await workflowOf(engine), 'test.elsewhere'),
	});
	const runs = await Promise.all([stalled.finished, other.finished]);
	expect(sandbox.seen.perNumber()).toEqual(
		Object.fromEntries(items.map((lead) => [lead.phone, 1])),
	);
	for (const [n, { phone: number }] of items.entries()) {
		const said = runs.map(({ success }) => codeOf(success[n]?.json ?? {}));
		expect(said.sort(), number).toEqual(['OUTCOME_UNKNOWN', 'queued']);
	}
});

it('an execution that was killed phones each person in doubt once more with Call Again When Unsure', async () => {
	const engine = await twoProcesses();
	const options = { retryUnknownOutcome: true };
	const node = createCallNode({ options }, continues);
	const first = await engine.start({ items: leads(3), node });
	await first.finished;
	const again = first.startAgain({ by: 'queue' });
	expect((await again.finished).success.map(({ json }) => codeOf(json))).toEqual(
		leads(3).map(() => 'queued'),
	);
	expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 2, [phone(1)]: 2, [phone(2)]: 2 });
});

it.skipIf(onN8n1)(
	'an execution of an agent that was killed phones nobody twice by "Retry execution"',
	async () => {
		const { agentNodeTypes, agentWith } = await import('./agent');
		const engine = engineFor(sandbox, {}, agentNodeTypes());
		sandbox.behave(phone(0), 'place and hang');
		const options = { requestTimeoutSeconds: 3600 };
		const running = await engine.startWorkflow(agentWith(createCallNode({ options })), {
			items: leads(1),
			observe: 'Agent',
		});
		await expect.poll(() => sandbox.seen.calls.length).toBe(1);
		const retry = await running.startAgain({ by: 'retry' }).finished;
		expect(retry.success.map(({ json }) => String(json.told))).toEqual([
			expect.stringMatching(/^OUTCOME_UNKNOWN: /),
		]);
		expect(sandbox.seen.calls).toHaveLength(1);
		await stop(running);
	},
);
