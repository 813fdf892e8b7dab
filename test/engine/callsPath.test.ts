import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, leads } from './twenty2';

describe('A key whose calls are at /api/calls', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ callsPath: '/api/calls', ringMs: 10, talkMs: 10 });
	});
	afterEach(() => sandbox.close());

	it('a key whose calls are at /api/calls places a call, waits for its end and reads it back there', async () => {
		const engine = engineFor(sandbox, { callsPath: '/api/calls' });
		const options = { pollIntervalSeconds: 2 };
		const node = createCallNode({ waitForCompletion: true, options });
		const { success } = await engine.run({ items: leads(1), node });
		expect(success[0]?.json).toMatchObject({ status: 'completed' });
		const { call_id } = sandbox.seen.calls[0] ?? {};
		const read = await engine.run({ items: [{ call_id }], node: getCallNode() });
		expect(read.success[0]?.json).toMatchObject({ call_id });
		expect(sandbox.seen.requests.every(({ path }) => path.startsWith('/api/calls'))).toBe(true);
	});

	it.each([
		['Create Call', createCallNode({}, { onError: 'continueErrorOutput' })],
		['Get Call', getCallNode({}, { onError: 'continueErrorOutput' })],
	])('a 404 advises to look at Calls Path where it is not set (%s)', async (_, node) => {
		const items = [{ ...leads(1)[0], call_id: 'call_1' }];
		const { errors } = await engineFor(sandbox).run({ items, node });
		expect(errors[0]?.json.error).toMatchObject({
			code: 'NOT_FOUND',
			status: 404,
			description:
				'Choose the other Calls Path in the Twenty2 credential. If that is not it, check its Base URL',
		});
		expect(sandbox.seen.requests).toMatchObject([{ status: 404 }]);
	});
});

it('the workspace API has no Calls Path to look at', async () => {
	const sandbox = await startSandbox();
	sandbox.behave(leads(1)[0]?.phone ?? '', { kind: 'answer', status: 404, body: 'Not here' });
	const node = createCallNode({ authentication: 'workspace' }, { onError: 'continueErrorOutput' });
	const { errors } = await engineFor(sandbox).run({ items: leads(1), node });
	await sandbox.close();
	expect(errors[0]?.json.error).toMatchObject({
		code: 'NOT_FOUND',
		description: expect.not.stringContaining('Calls Path'),
	});
});
