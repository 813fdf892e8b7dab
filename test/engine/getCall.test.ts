import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, phone } from './twenty2';

const generations = ['apiKey', 'workspace'] as const;

describe.each(generations)('Get Call (%s)', (authentication) => {
	let sandbox: Sandbox;
	beforeAll(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000, ringMs: 1, talkMs: 1 });
	});
	beforeEach(() => sandbox.reset());
	afterAll(() => sandbox.close());

	const placedCall = async (): Promise<string> => {
		await engineFor(sandbox).run({
			items: [{ phone: phone(7) }],
			node: createCallNode({ authentication }),
		});
		const [call] = sandbox.seen.calls;
		if (!call) throw new Error('no call was placed');
		await expect.poll(() => Date.now() > call.endedAt).toBe(true);
		return call.call_id;
	};
	const lookUp = async (call_id: unknown, parameters = {}, options = {}) =>
		await engineFor(sandbox).run({
			items: [{ call_id: String(call_id) }],
			node: getCallNode(
				{ authentication, options, ...parameters },
				{ onError: 'continueErrorOutput' },
			),
		});

	it('Get Call gives the same ten names and E.164 on both generations', async () => {
		const call_id = await placedCall();
		const run = await lookUp(call_id);
		expect(run.success).toEqual([
			{
				json: {
					call_id,
					status: 'completed',
					to_number: phone(7),
					from_number: '+917971441943',
					assistant_id: 'asst_demo',
					duration_seconds: 1,
					cost: expect.any(String),
					ended_at: expect.any(String),
					output_parameters: expect.any(Object),
					recording_url: expect.stringMatching(/^http/),
				},
				pairedItem: { item: 0 },
			},
		]);
	});

	it('Get Call gives Twenty2’s body untouched where Output is Raw', async () => {
		const call = { tomorrow: [1, { z: null }], call_id: 'call_1', status: 'x', agent_id: '' };
		const body = {
			z: 1,
			success: true,
			...(authentication === 'workspace' ? { call } : call),
			a: 1,
		};
		sandbox.behaveReads('call_1', { kind: 'answer', status: 200, body });

		const run = await lookUp('call_1', { output: 'raw' });
		expect(JSON.stringify(run.success[0]?.json)).toBe(JSON.stringify(body));
	});

	it('Get Call gives the selected fields only, in their own order', async () => {
		const call_id = await placedCall();
		const outputFields = ['transcript_url', 'direction', 'to_number', 'call_id'];
		const run = await lookUp(call_id, { output: 'selected', outputFields });
		expect(Object.entries(run.success[0]?.json ?? {})).toEqual([
			['call_id', call_id],
			['to_number', phone(7)],
			['direction', 'outbound'],
			['transcript_url', expect.stringMatching(/^http/)],
		]);
	});

	it('Get Call tells a call that is not there by its code', async () => {
		const run = await lookUp('call_nobody');
		expect(run.errors[0]?.json.error).toEqual({
			code: 'CALL_NOT_FOUND',
			message: expect.stringMatching(/call/i),
			description: expect.stringContaining('Call ID'),
			status: 404,
			source: 'twenty2',
			attempts: 1,
		});
	});

	it('Get Call keeps reading while every line is taken', async () => {
		const call_id = await placedCall();
		const engine = engineFor(sandbox, { concurrentCalls: 1 });
		sandbox.behave(phone(1), { kind: 'slow', ms: 3_000 });
		const slow = engine.run({
			items: [{ phone: phone(1) }],
			node: createCallNode({ authentication }),
		});
		await expect.poll(() => sandbox.seen.callsTo(phone(1)).length).toBe(1);
		const read = await engine.run({ items: [{ call_id }], node: getCallNode({ authentication }) });
		expect(read.success).toHaveLength(1);
		// The create is still being answered.
		const create = sandbox.seen.requests.findLast(({ method }) => method === 'POST');
		expect(create?.status).toBeNull();
		await slow;
	});
});
