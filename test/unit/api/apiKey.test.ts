import { expect, it } from 'vitest';

import { apiKey } from '../../../nodes/Twenty2/api/apiKey';
import { failureFrom } from './failureFrom';
import { call, created, read, sending, speaking, speakingNothing } from './speaking';

it('creates a call with one POST of the documented fields', async () => {
	const { sent, twenty2 } = speaking(apiKey, created);
	const answer = await twenty2.createCall(call, sending);
	expect(answer).toEqual({ call_id: 'call_1', status: 'queued' });
	expect(sent).toEqual([
		{
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

it('reads a call below its path, whatever the id', async () => {
	const { sent, twenty2 } = speaking(apiKey, read);
	expect(await twenty2.getCall('a/b?c', { timeoutMs: 1 })).toEqual(read);
	expect(sent).toEqual([
		{ dials: false, method: 'GET', path: '/v1/calls/a%2Fb%3Fc', timeoutMs: 1 },
	]);
});

it.each(['+919871532305', '+14155550100'])('dials %s', (number) => {
	expect(apiKey.speak(speakingNothing).whyNotDialable(number)).toBeUndefined();
});

it('has its calls at the path that the credential says', async () => {
	const there = { callsPath: '/api/calls' };
	const { sent, twenty2 } = speaking(apiKey, read, there);
	await twenty2.getCall('call_1', { timeoutMs: 1 });
	const { sent: creates, twenty2: creating } = speaking(apiKey, created, there);
	await creating.createCall(call, sending);
	expect([...sent, ...creates].map(({ path }) => path)).toEqual([
		'/api/calls/call_1',
		'/api/calls',
	]);
});

it('advises to try the other Calls Path where there is no such page', async () => {
	const page = '<h1>Not found</h1>';
	const { twenty2 } = speaking(apiKey, page, { status: 404 });
	const description = expect.stringContaining('Choose the other Calls Path');
	const failure = { fields: { code: 'NOT_FOUND', status: 404, description } };
	await expect(twenty2.getCall('call_1', { timeoutMs: 1 })).rejects.toMatchObject(failure);
	await expect(twenty2.createCall(call, sending)).rejects.toMatchObject(failure);
});

it('advises what the code says where Twenty2 refuses', async () => {
	const refusal = { success: false, error: { code: 'CALL_NOT_FOUND', message: 'No such call' } };
	const { twenty2 } = speaking(apiKey, refusal, { status: 404 });
	await expect(twenty2.getCall('call_1', { timeoutMs: 1 })).rejects.toMatchObject({
		fields: {
			code: 'CALL_NOT_FOUND',
			description: expect.stringContaining('Check the Call ID'),
		},
	});
});

it('lists no calls', () => {
	const { listCalls, callsSince } = apiKey.speak(speakingNothing);
	expect([listCalls, callsSince]).toEqual([undefined, undefined]);
});

const credential = {
	apiKey: 'tw_live_1',
	baseUrl: 'https://api.twentytwo.in/',
	requestsPerMinute: 60,
	concurrentCalls: 3,
};

it('reads a credential and signs with its key', () => {
	expect(apiKey.account({ ...credential, callsPath: '/api/calls' })).toEqual({
		apiKey: 'tw_live_1',
		baseUrl: 'https://api.twentytwo.in',
		callsPath: '/api/calls',
		limits: { requestsPerMinute: 60, concurrentCalls: 3 },
		headers: { Authorization: 'Bearer tw_live_1' },
	});
	expect(apiKey.credentialType).toBe('twenty2Api');
});

it('takes /v1/calls for a Calls Path that is not there', () => {
	for (const given of [credential, { ...credential, callsPath: '/v1/calls' }]) {
		expect(apiKey.account(given).callsPath).toBe('/v1/calls');
	}
});

it('refuses a credential whose Calls Path is none of the two', () => {
	const read = () => apiKey.account({ ...credential, callsPath: '/calls' });
	expect(failureFrom(read).fields.message).toBe(
		'Calls Path in the Twenty2 credential must be /v1/calls or /api/calls',
	);
});
