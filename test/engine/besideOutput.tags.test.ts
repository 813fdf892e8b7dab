import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads, phone } from './twenty2';

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
});
afterEach(() => sandbox.close());

const placed = () => sandbox.seen.calls.map(({ call_id }) => call_id);

it('the list of executions finds an execution by the ID of each of its calls', async () => {
	const run = await engineFor(sandbox).run({ items: leads(3), node: createCallNode() });
	const { metadata = {} } = run.data.resultData;
	expect(Object.keys(metadata)).toEqual(['twenty2_call_id']);
	expect(metadata.twenty2_call_id?.split(' ').sort()).toEqual(placed().sort());
});

it.each([
	['waits for calls in vain', { waitForCompletion: true, options: { maxWaitMinutes: 0 } }, false],
	['fails at another item', {}, true],
])('the list of executions finds an execution that %s', async (_, parameters, failing) => {
	if (failing) sandbox.behave(phone(1), 'refused');
	const engine = engineFor(sandbox, { concurrentCalls: 1 });
	const run = await engine.run({ items: leads(2), node: createCallNode(parameters) });
	expect(run.status).toBe('error');
	expect(placed().length).toBeGreaterThan(0);
	for (const id of placed()) expect(run.data.resultData.metadata?.twenty2_call_id).toContain(id);
});

it('the list of executions has room for 30 calls in values that n8n keeps whole, and leaves keys to the workflow', async () => {
	const run = await engineFor(sandbox).run({ items: leads(200), node: createCallNode() });
	const tags = Object.entries(run.data.resultData.metadata ?? {});
	expect(run.success).toHaveLength(200);
	expect(tags.length).toBeLessThanOrEqual(5);
	const ids = tags.flatMap(([, value]) => value.split(' '));
	expect(ids.length).toBeGreaterThanOrEqual(30);
	expect(placed()).toEqual(expect.arrayContaining(ids));
	for (const [, value] of tags) expect(value.length).toBeLessThanOrEqual(255);
});

it('the list of executions tags short IDs after one that is too long for the room that is left', async () => {
	const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(150));
	const all = [...ids, 'x'.repeat(255), 'call_short', 'y'.repeat(300), 'call_last'];
	all.forEach((call_id, n) => {
		const body = { success: true, call_id, status: 'queued' };
		sandbox.behave(phone(n), { kind: 'answer', status: 200, body });
	});
	const engine = engineFor(sandbox, { concurrentCalls: 1 });
	const run = await engine.run({ items: leads(all.length), node: createCallNode() });
	expect(run.success).toHaveLength(all.length);
	const values = Object.values(run.data.resultData.metadata ?? {});
	expect(values.flatMap((value) => value.split(' ')).sort()).toEqual(
		[...ids.slice(0, 5), 'call_short', 'call_last'].sort(),
	);
});

it('the list of executions is left alone by an execution that places no call', async () => {
	sandbox.behave(phone(0), 'refused');
	const run = await engineFor(sandbox).run({ items: leads(1), node: createCallNode() });
	expect(run.data.resultData.metadata).toBeUndefined();
});
