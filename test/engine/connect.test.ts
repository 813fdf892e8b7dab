import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, leads } from './twenty2';

describe.each(['apiKey', 'workspace'])('The connection of a node (%s)', (authentication) => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox();
	});
	afterEach(() => sandbox.close());

	const continues = { onError: 'continueErrorOutput' } as const;

	it('nothing is sent without a credential, and each item says what to do', async () => {
		const { credentials, ...node } = createCallNode({ authentication }, continues);
		const { errors } = await engineFor(sandbox).run({ items: leads(2), node });
		expect(credentials).toBeDefined();
		expect(errors.map(({ json }) => json.error)).toEqual(
			errors.map(() =>
				expect.objectContaining({
					code: 'INVALID_INPUT',
					description: 'Choose a Twenty2 credential',
					outcome: 'not_placed',
				}),
			),
		);
		expect(errors).toHaveLength(2);
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('nothing is sent where a field of the credential is wrong', async () => {
		const node = createCallNode({ authentication }, continues);
		const engine = engineFor(sandbox, { requestsPerMinute: 0 });
		const { errors } = await engine.run({ items: leads(1), node });
		expect(errors[0]?.json.error).toMatchObject({
			code: 'INVALID_INPUT',
			message: expect.stringContaining('Requests per Minute'),
		});
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('the attempts of an item count every request that was sent for it', async () => {
		sandbox.behaveReads('*', { kind: 'answer', status: 404, body: {} });
		const items = [{ call_id: 'call_none' }];
		const node = getCallNode({ authentication }, continues);
		const { errors } = await engineFor(sandbox).run({ items, node });
		expect(errors[0]?.json.error).toMatchObject({ status: 404, attempts: 1 });
		expect(sandbox.seen.requests).toHaveLength(1);
	});
});
