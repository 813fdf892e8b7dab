import { describe, expect, it } from 'vitest';

import { apiKey } from '../../../nodes/Twenty2/api/apiKey';
import type { HttpAnswer, HttpRequest } from '../../../nodes/Twenty2/api/transport';
import { workspace } from '../../../nodes/Twenty2/api/workspace';

const call = {
	assistantId: 'asst_1',
	fromNumber: '+917971441943',
	toNumber: '+919871532305',
	inputParameters: { customerName: 'Asha' },
	additionalFields: { priority: 1 },
};
const sending = { idempotencyKey: 'entry_1', timeoutMs: 5_000 };

/** What a generation sends, against a Twenty2 that gives always the same answer. */
function speaking(generation: typeof apiKey, body: unknown) {
	const sent: HttpRequest[] = [];
	const twenty2 = generation.speak(async (request): Promise<HttpAnswer> => {
		sent.push(request);
		return { status: 200, body };
	});
	return { sent, twenty2 };
}

const created = { success: true, call_id: 'call_1', status: 'queued' };
const read = { success: true, call: { call_id: 'call_1', status: 'completed' } };

describe('apiKey', () => {
	it('creates', async () => {
		const { sent, twenty2 } = speaking(apiKey, created);
		const answer = await twenty2.createCall(call, sending);
		expect(answer).toEqual({ call_id: 'call_1', status: 'queued' });
		expect(sent).toEqual([
			{
				safe: false,
				dials: true,
				method: 'POST',
				path: '/v1/calls',
				headers: { 'Idempotency-Key': 'entry_1' },
				body: {
					assistant_id: 'asst_1',
					from_number: '+917971441943',
					to_number: '+919871532305',
					input_parameters: { customerName: 'Asha' },
					priority: 1,
				},
				timeoutMs: 5_000,
			},
		]);
	});

	it('sends no input parameters where there are none', async () => {
		const { sent, twenty2 } = speaking(apiKey, created);
		await twenty2.createCall({ ...call, inputParameters: {} }, sending);
		expect(sent[0]?.body).not.toHaveProperty('input_parameters');
	});

	it('reads, whatever the id, below its path', async () => {
		const { sent, twenty2 } = speaking(apiKey, read);
		expect(await twenty2.getCall('a/b?c', { timeoutMs: 1 })).toEqual(read);
		expect(sent).toEqual([
			{ safe: true, dials: false, method: 'GET', path: '/v1/calls/a%2Fb%3Fc', timeoutMs: 1 },
		]);
	});

	it.each(['+919871532305', '+14155550100'])('dials %s', (number) => {
		expect(apiKey.speak(speakingNothing).objectionTo(number)).toBeUndefined();
	});
});

describe('workspace', () => {
	it('creates with national numbers', async () => {
		const { sent, twenty2 } = speaking(workspace, created);
		const answer = await twenty2.createCall(call, sending);
		expect(answer).toEqual({ call_id: 'call_1', status: 'queued' });
		expect(sent).toEqual([
			{
				safe: false,
				dials: true,
				method: 'POST',
				path: '/api/agent/trigger-outbound-call',
				headers: { 'Idempotency-Key': 'entry_1' },
				body: {
					agent_id: 'asst_1',
					callee_phone: '9871532305',
					caller_phone: '7971441943',
					input_parameters: { customerName: 'Asha' },
					priority: 1,
				},
				timeoutMs: 5_000,
			},
		]);
	});

	it('reads', async () => {
		const { sent, twenty2 } = speaking(workspace, read);
		expect(await twenty2.getCall('call_1', { timeoutMs: 1 })).toEqual(read);
		const query = { call_id: 'call_1' };
		expect(sent).toEqual([
			{ safe: true, dials: false, method: 'GET', path: '/api/call/detail', query, timeoutMs: 1 },
		]);
	});

	it.each(['+14155550100', '+91987153230', '+9198715323051', '+929871532305'])(
		'does not dial %s, which would ring somebody else in India',
		(number) => {
			const objection = workspace.speak(speakingNothing).objectionTo(number);
			expect(objection).toContain('not an Indian number');
		},
	);

	it('dials an Indian number', () => {
		expect(workspace.speak(speakingNothing).objectionTo('+919871532305')).toBeUndefined();
	});
});

describe.each([
	['apiKey', apiKey],
	['workspace', workspace],
])('%s', (_, generation) => {
	it('names all the fields that a create has already', async () => {
		const { sent, twenty2 } = speaking(generation, created);
		await twenty2.createCall({ ...call, additionalFields: {} }, sending);
		expect(twenty2.bodyFields.toSorted()).toEqual(Object.keys(sent[0]?.body ?? {}).toSorted());
	});
});

async function speakingNothing(): Promise<HttpAnswer> {
	return await Promise.reject(new Error('nothing is sent here'));
}
