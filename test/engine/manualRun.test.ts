import type { WorkflowExecuteMode } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, leads, phone } from './twenty2';
import { runUntilDone, useVirtualTime } from './virtualTime';

/** When Twenty2 phones nobody. */
const night = Date.parse('2026-05-22T22:00:00+05:30');

useVirtualTime();
let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, clock: () => performance.now() });
});
afterEach(() => sandbox.close());

const hints = async (
	count: number,
	{ mode = 'manual', node = createCallNode(), at = Date.now() }: Partial<Given> = {},
) => {
	vi.setSystemTime(at);
	const started = engineFor(sandbox).start({ items: leads(count), node, mode });
	const run = await runUntilDone(sandbox, started);
	return run.hints.map(({ message }) => message);
};
interface Given {
	mode: WorkflowExecuteMode;
	node: ReturnType<typeof createCallNode>;
	at: number;
}

const pin = 'Pin this data to build on it: executing the step again phones again.';

it.each([
	[1, `1 person was phoned just now. ${pin}`],
	[3, `3 people were phoned just now. ${pin}`],
])('Execute step says of %i calls that people were phoned', async (count, hint) => {
	expect(await hints(count)).toEqual([hint]);
});

it('Execute step phones again when it is pressed again, and says so each time', async () => {
	const hint = `2 people were phoned just now. ${pin}`;
	expect([await hints(2), await hints(2)]).toEqual([[hint], [hint]]);
	expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 2, [phone(1)]: 2 });
});

it('Execute step phones nobody again with Call Only Once per Key', async () => {
	const options = { deduplicationKey: '={{ $json.phone }}' };
	const node = createCallNode({ options }, { onError: 'continueErrorOutput' });
	const engine = engineFor(sandbox);
	const press = async () => {
		const started = engine.start({ items: leads(2), node, mode: 'manual' });
		const run = await runUntilDone(sandbox, started);
		return [
			...run.hints.map(({ message }) => message),
			...run.errors.map(({ json }) => Object(json.error).code),
		];
	};
	expect(await press()).toEqual([`2 people were phoned just now. ${pin}`]);
	expect(await press()).toEqual(['DUPLICATE_CALL', 'DUPLICATE_CALL']);
	expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1 });
});

it('Execute step phones the first person only with the setting Execute Once', async () => {
	const node = { ...createCallNode(), executeOnce: true };
	expect(await hints(3, { node })).toEqual([`1 person was phoned just now. ${pin}`]);
	expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1 });
});

it('Execute step counts whom it phoned only', async () => {
	sandbox.behave(phone(1), 'refused');
	const node = createCallNode({}, { onError: 'continueErrorOutput' });
	expect(await hints(2, { node })).toEqual([`1 person was phoned just now. ${pin}`]);
});

it('Execute step says at night that nobody was phoned yet', async () => {
	expect(await hints(2, { at: night })).toEqual([
		`2 calls were placed just now. ${pin}`,
		expect.stringMatching(/^2 calls of this run ring only at 9:00 India time/),
	]);
});

it('Execute step says nothing of it where nobody is phoned', async () => {
	const options = { dryRun: true };
	expect(await hints(1, { node: createCallNode({ options }) })).toEqual([
		expect.stringMatching(/^Dry run: nobody was phoned/),
	]);
	const node = getCallNode({ callId: 'call_1' }, { onError: 'continueErrorOutput' });
	expect(await hints(1, { node })).toEqual([]);
});

it.each(['webhook', 'trigger'] as const)(
	'Execute step says nothing of it when started by %s',
	async (mode) => {
		expect(await hints(2, { mode })).toEqual([]);
	},
);
