import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads, phone } from './twenty2';

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
});
afterEach(() => sandbox.close());

it('the error says what happened, how many calls were placed and what to do', async () => {
	sandbox.behave(phone(4), 'refused');
	const run = await engineFor(sandbox, { concurrentCalls: 1 }).run({
		items: leads(9),
		node: createCallNode(),
	});

	expect(run.status).toBe('error');
	expect(run.error).toMatchObject({
		name: 'NodeApiError',
		message:
			'Twenty2: to_number is not a valid E.164 phone number [item 4]. 4 calls were already placed.',
		description: expect.stringMatching(
			/From Number .* retry this one\. Executing the workflow again .* phones everybody again\.$/,
		),
		httpCode: '400',
		code: 'INVALID_NUMBER',
		context: {
			itemIndex: 4,
			data: {
				error: {
					code: 'INVALID_NUMBER',
					message: 'to_number is not a valid E.164 phone number',
					status: 400,
					source: 'twenty2',
					outcome: 'not_placed',
					attempts: 1,
				},
			},
		},
	});
	expect(sandbox.seen.requests).toHaveLength(5);
});

it('the error names the field and the item of a wrong value, in its own words', async () => {
	const items = leads(4).map((lead, n) => ({ ...lead, ...(n === 3 && { phone: '' }) }));
	const run = await engineFor(sandbox).run({ items, node: createCallNode() });
	expect(run.error?.message).toBe('To Number is empty [item 3]. No call was placed.');
});

it('a failed item lets nothing new start, and what is in flight is awaited and remembered', async () => {
	// The third fails while the first two are on their way.
	sandbox.behave(phone(0), { kind: 'slow', ms: 200 });
	sandbox.behave(phone(1), { kind: 'slow', ms: 200 });
	sandbox.behave(phone(2), 'refused');
	const run = await engineFor(sandbox).run({ items: leads(9), node: createCallNode() });

	expect(run.error).toMatchObject({
		message: expect.stringMatching(/\. 2 calls were already placed\.$/),
		context: { itemIndex: 2 },
	});
	expect(sandbox.seen.requests).toHaveLength(3);

	sandbox.behave(phone(2), { kind: 'slow', ms: 0 });
	const done = await run.retry();
	expect(done.success).toHaveLength(9);
	expect(Object.values(sandbox.seen.perNumber())).toEqual(Array.from({ length: 9 }, () => 1));
});

it('a failed item drops a retry that was waiting for its turn', async () => {
	sandbox.behave(phone(0), '500 always');
	sandbox.behave(phone(1), { kind: 'answer', status: 418, body: 'no' });
	sandbox.behave(phone(1), { kind: 'slow', ms: 100, times: 1 });
	sandbox.behave(phone(2), 'refused');
	const run = await engineFor(sandbox).run({ items: leads(3), node: createCallNode() });
	expect(run.error).toMatchObject({ context: { itemIndex: 2 } });
	expect(sandbox.seen.requests).toHaveLength(3);
});

it('the error counts a call that may have been placed', async () => {
	sandbox.behave(phone(1), 'place and cut');
	const run = await engineFor(sandbox, { concurrentCalls: 1 }).run({
		items: leads(3),
		node: createCallNode(),
	});
	expect(run.error).toMatchObject({
		code: 'OUTCOME_UNKNOWN',
		httpCode: null,
		message: expect.stringMatching(/\. 1 call was already placed, 1 call may have been placed\.$/),
		description: expect.stringContaining('Look the call up in Twenty2'),
	});
});

it.each(['cut', '500 always'] as const)(
	'the error keeps its own words where n8n would put others (%s)',
	async (behaviour) => {
		sandbox.behave(phone(0), behaviour);
		const options = { maxRetries: 0 };
		const run = await engineFor(sandbox).run({
			items: leads(1),
			node: createCallNode({ options }),
		});
		expect(run.error?.message).not.toMatch(/service|perhaps|ECONN/i);
	},
);
