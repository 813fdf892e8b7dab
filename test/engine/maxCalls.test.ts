import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads, phone } from './twenty2';

const codesOf = (errors: Array<{ json: IDataObject }>) =>
	errors.map(({ json }) => Object(json.error).code);

describe('Max Calls per Execution', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
	});
	afterEach(() => sandbox.close());

	const node = (options: IDataObject, onError: 'stopWorkflow' | 'continueErrorOutput') =>
		createCallNode({ options }, { onError });

	it('an execution places as many calls as Max Calls allows, and no call of any other item', async () => {
		const run = await engineFor(sandbox).run({
			items: leads(9),
			node: node({ maxCalls: 4 }, 'continueErrorOutput'),
		});
		expect(run.success).toHaveLength(4);
		expect(codesOf(run.errors)).toEqual(leads(5).map(() => 'CALL_LIMIT_REACHED'));
		expect(run.errors[0]?.json.error).toMatchObject({ outcome: 'not_placed', attempts: 0 });
		expect(sandbox.seen.requests).toHaveLength(4);
	});

	it('an item follows for each that was refused under Max Calls, and a call in doubt counts', async () => {
		sandbox.behave(phone(0), 'refused');
		sandbox.behave(phone(1), 'place and cut');
		sandbox.behave(phone(2), 'refused');
		const run = await engineFor(sandbox).run({
			items: leads(7),
			node: node({ maxCalls: 3 }, 'continueErrorOutput'),
		});
		expect(run.success).toHaveLength(2);
		expect(codesOf(run.errors)).toEqual([
			'INVALID_NUMBER',
			'OUTCOME_UNKNOWN',
			'INVALID_NUMBER',
			'CALL_LIMIT_REACHED',
			'CALL_LIMIT_REACHED',
		]);
	});

	it('Max Calls holds for a retry of the execution too, which gives the calls that were placed', async () => {
		const run = await engineFor(sandbox).run({
			items: leads(5),
			node: node({ maxCalls: 2 }, 'stopWorkflow'),
		});
		expect(run.error).toMatchObject({
			code: 'CALL_LIMIT_REACHED',
			message: expect.stringMatching(/allows: 2 \[item \d\]\. 2 calls were already placed\.$/),
		});
		const again = await run.retry();
		expect(again.error).toMatchObject({ code: 'CALL_LIMIT_REACHED' });
		expect(sandbox.seen.requests).toHaveLength(2);
	});
});

describe('Include Input Fields', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
	});
	afterEach(() => sandbox.close());

	it('Include Input Fields tells whom each call is for', async () => {
		const run = await engineFor(sandbox).run({
			items: leads(2).map((lead) => ({ ...lead, status: 'new' })),
			node: createCallNode({ options: { includeInputFields: true } }),
		});
		expect(run.success.map(({ json }) => json)).toMatchObject(
			leads(2).map((lead) => ({ ...lead, call_id: expect.any(String), status: 'queued' })),
		);
	});

	it('Include Input Fields tells whom a call that was waited for is for', async () => {
		const run = await engineFor(sandbox).run({
			items: leads(1),
			node: createCallNode({
				waitForCompletion: true,
				options: { includeInputFields: true, pollIntervalSeconds: 1 },
			}),
		});
		expect(run.success[0]?.json).toMatchObject({ ...leads(1)[0], status: 'completed' });
	});
});
