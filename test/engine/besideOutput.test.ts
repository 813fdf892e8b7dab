import type { IExecuteFunctions } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { core, logger } from './n8nCore';
import { createCallNode, engineFor, leads, phone } from './twenty2';

const node = core.ExecuteContext.prototype;

const refuses = (): never => {
	throw new Error(`n8n takes nothing more of ${phone(0)}`);
};

const { getWorkflowDataProxy } = node;

/** n8n whose custom data throws at this function. */
const brokenCustomData = (name: 'set' | 'getAll') => () =>
	vi.spyOn(node, 'getWorkflowDataProxy').mockImplementation(function (
		this: IExecuteFunctions,
		item: number,
	) {
		const { $runIndex, $execution } = Reflect.apply(getWorkflowDataProxy, this, [item]);
		const customData = { set: () => undefined, getAll: () => ({}), [name]: refuses };
		return Object.assign(Object.create(null), {
			$runIndex,
			$execution: { id: $execution.id, resumeUrl: $execution.resumeUrl, customData },
		});
	});

let sandbox: Sandbox;
let warned: string[];
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 1_000, refuseConcurrent: false });
	warned = [];
	vi.spyOn(logger, 'warn').mockImplementation((message) => void warned.push(message));
});
afterEach(async () => {
	vi.restoreAllMocks();
	await sandbox.close();
});

it.each([
	['hints are', () => vi.spyOn(node, 'addExecutionHints').mockImplementation(refuses)],
	['tags are', brokenCustomData('set')],
	['earlier tags are', brokenCustomData('getAll')],
])('the run goes on and the output comes where %s not to be had', async (_, breakIt) => {
	breakIt();
	const run = await engineFor(sandbox).run({
		items: leads(3),
		node: createCallNode(),
		mode: 'manual',
	});
	expect(run.status).toBe('success');
	expect(run.success.map(({ json }) => json.status)).toEqual(leads(3).map(() => 'queued'));
	expect(sandbox.seen.calls).toHaveLength(3);
	expect(warned).toEqual([expect.stringMatching(/^This run has no (hints|tags)/)]);
	expect(warned.join()).not.toContain(phone(0));
});

it('missing extras cost a failed run neither its message nor what it placed', async () => {
	vi.spyOn(node, 'addExecutionHints').mockImplementation(refuses);
	sandbox.behave(phone(1), 'refused');
	const engine = engineFor(sandbox, { concurrentCalls: 1 });
	const run = await engine.run({ items: leads(2), node: createCallNode(), mode: 'manual' });
	expect(run.error).toMatchObject({
		code: 'INVALID_NUMBER',
		message: expect.stringContaining('1 call was already placed'),
	});
	const again = await run.retry();
	expect(again.error).toMatchObject({ code: 'INVALID_NUMBER' });
	expect(sandbox.seen.callsTo(phone(0))).toHaveLength(1);
});
