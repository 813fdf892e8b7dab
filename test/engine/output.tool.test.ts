import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Behaviour, type Sandbox } from '../../sandbox';
import { agentNodeTypes, agentWith } from './agent';
import { createCallNode, engineFor, leads, phone } from './twenty2';

describe.each([
	['Stop Workflow', 'stopWorkflow'],
	['Continue', 'continueRegularOutput'],
] as const)('A model whose tool fails under %s is told in one sentence', (_, onError) => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ talkMs: 600_000 });
	});
	afterEach(() => sandbox.close());

	/** @returns what the model reads */
	const told = async (parameters: IDataObject = {}, items = leads(1)) => {
		const agent = agentWith(createCallNode(parameters, { onError }));
		const engine = engineFor(sandbox, {}, agentNodeTypes());
		const { success } = await engine.runWorkflow(agent, { items, observe: 'Agent' });
		const said = String(success[0]?.json.told);
		return onError === 'stopWorkflow' ? said.split('\n')[0] : JSON.parse(said);
	};
	const sentence = (pattern: RegExp) =>
		onError === 'stopWorkflow'
			? expect.stringMatching(pattern)
			: [{ error: expect.stringMatching(pattern) }];

	it('a model is told in one sentence that a number cannot be called', async () => {
		expect(await told({}, [{ name: 'Asha', phone: '98765' }])).toEqual(
			sentence(/^INVALID_NUMBER: To Number [^;]*; no call was placed\.$/),
		);
	});

	it.each<[string, Behaviour, RegExp]>([
		[
			'what Twenty2 refused',
			'refused',
			/^INVALID_NUMBER: to_number is not [^;]*; no call was placed\.$/,
		],
		[
			'that somebody may have been phoned',
			'place and cut',
			/^OUTCOME_UNKNOWN: [^;]*; 1 call may have been placed\.$/,
		],
	])('a model is told in one sentence %s', async (_name, behaviour, pattern) => {
		sandbox.behave(phone(0), behaviour);
		expect(await told()).toEqual(sentence(pattern));
	});

	it('a model is told in one sentence that a call goes on, and its call_id', async () => {
		const said = await told({ waitForCompletion: true, options: { maxWaitMinutes: 0 } });
		const callId = sandbox.seen.calls[0]?.call_id;
		expect(said).toEqual(
			sentence(new RegExp(`^WAIT_TIMEOUT: [^;]*; 1 call was placed, its call_id is ${callId}\\.$`)),
		);
	});
});
