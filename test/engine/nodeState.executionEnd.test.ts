import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Engine } from './engine';
import { processedKeys } from './processedKeys';
import { createCallNode, engineFor, leads, phone } from './twenty2';
import { runUntilDone, settle, useVirtualTime } from './virtualTime';

useVirtualTime();
let sandbox: Sandbox;
let engine: Engine;
beforeEach(async () => {
	sandbox = await startSandbox({
		clock: () => performance.now(),
		requestsPerMinute: 10_000,
		refuseConcurrent: false,
	});
	engine = engineFor(sandbox, { requestsPerMinute: 10_000 });
	processedKeys.clear();
});
afterEach(() => sandbox.close());

const minutes = async (count: number) => {
	for (let n = 0; n < count * 60; n++) {
		vi.advanceTimersByTime(1_000);
		await settle(sandbox);
	}
};

it('the marks of an execution go ten minutes after it has ended well, and not before', async () => {
	await runUntilDone(sandbox, engine.start({ items: leads(45), node: createCallNode() }));
	expect(processedKeys.marks).toHaveLength(3);
	await minutes(9);
	expect(processedKeys.marks).toHaveLength(3);
	await minutes(2);
	expect(processedKeys.marks).toHaveLength(0);
});

it('the marks of an execution stay when it has failed, and after its retry has ended well', async () => {
	sandbox.behave(phone(0), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
	const failed = await runUntilDone(
		sandbox,
		engine.start({ items: leads(3), node: createCallNode() }),
	);
	await runUntilDone(sandbox, failed.startRetry());
	await minutes(11);
	expect(processedKeys.marks).toHaveLength(2);
});

it('the marks of an execution stay when they were met by another try, which ends well', async () => {
	for (const lead of leads(3)) sandbox.behave(lead.phone, { kind: 'slow', ms: 5_000 });
	const node = createCallNode({}, { onError: 'continueRegularOutput' });
	const stalled = await engine.start({ items: leads(3), node });
	await settle(sandbox);
	stalled.cancel();
	await runUntilDone(sandbox, Promise.resolve(stalled));
	const other = stalled.startAgain({ by: 'queue' });
	const { success } = await runUntilDone(sandbox, Promise.resolve(other));
	expect(success.map(({ json }) => Object(json.error).code)).toContain('OUTCOME_UNKNOWN');
	await minutes(11);
	expect(processedKeys.marks).toHaveLength(1);
});

it('a dry run, a look at a call and calls with a key leave no marks', async () => {
	const runs = [
		createCallNode({ options: { dryRun: true } }),
		createCallNode({ options: { deduplicationKey: '={{ $json.phone }}' } }),
	].map((node) => runUntilDone(sandbox, engine.start({ items: leads(2), node })));
	await Promise.all(runs);
	expect(processedKeys.marks.filter((mark) => mark.startsWith('twenty2-run'))).toEqual([]);
});
