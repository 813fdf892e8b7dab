import { describe, expect, it } from 'vitest';

import { generations } from '../../../nodes/Twenty2/connection/authentication';
import { offline } from '../../../nodes/Twenty2/connection/offline';

const { signal } = new AbortController();

describe.each(Object.entries(generations))('Without a connection (%s)', (_, generation) => {
	const { twenty2, media, request } = offline(generation);

	it('without a connection the rules of the API are known', () => {
		expect(twenty2.whyNotDialable('+919876543210')).toBeUndefined();
		expect(twenty2.bodyFields).not.toEqual([]);
	});

	const { listCalls } = twenty2;
	const lists: Array<[string, () => Promise<unknown>]> = listCalls
		? [['a list', async () => await listCalls({}, { timeoutMs: 1 })]]
		: [];
	const patience = { maxRetries: 0, giveUpAfterMs: 0 };
	it.each([
		...lists,
		['a call', async () => await twenty2.getCall('call_1', { timeoutMs: 1 })],
		[
			'a request',
			async () => await request({ what: 'x', send: async () => 'sent', patience, signal }),
		],
		[
			'a file',
			async () => await media.open(new URL('https://x.example'), { timeoutMs: 1, signal }),
		],
	])('without a connection nothing is sent for %s', async (_, act) => {
		await expect(act()).rejects.toThrow('Nothing is sent');
	});

	it('without a connection there is no access to the limits of a key', () => {
		expect(() => offline(generation).access).toThrow('Nothing is sent');
	});
});
