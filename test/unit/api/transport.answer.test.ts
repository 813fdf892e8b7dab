/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { answered, readAnswer } from '../../../nodes/Twenty2/api/transport';

it('answered reads the full response that n8n gives', () => {
	const headers = { 'retry-after': '5', 'content-type': 'text/html' };
	const response = { statusCode: 429, statusMessage: 'x', headers, body: '<html>' };
	expect(answered(response)).toEqual({ status: 429, retryAfter: '5', body: '<html>' });
});

it('answered needs neither a Retry-After nor a body', () => {
	const answer = answered({ statusCode: 204, headers: {} });
	expect(answer).toEqual({ status: 204, retryAfter: undefined, body: undefined });
});

describe('readAnswer', () => {
	const response = (body: unknown) => ({ statusCode: 200, headers: { date: 'today' }, body });
	const streamed = (text: string) => response(Readable.from([Buffer.from(text)]));

	it.each([
		['{"call_id":"call_1"}', { call_id: 'call_1' }],
		['null', null],
		['<html>', '<html>'],
		['', ''],
	])('readAnswer reads %j', async (text, body) => {
		expect(await readAnswer(streamed(text))).toEqual({ status: 200, date: 'today', body });
	});

	it('readAnswer gives what n8n has read itself', async () => {
		expect(await readAnswer(response({ call_id: 'call_1' }))).toMatchObject({
			body: { call_id: 'call_1' },
		});
	});

	it('readAnswer is bounded, by 1 MB where nothing else is said', async () => {
		const most = '1'.repeat(1_000_000);
		expect(await readAnswer(streamed(most))).not.toHaveProperty('longerThan');
		expect(await readAnswer(streamed(`${most}1`))).toEqual({
			status: 200,
			date: 'today',
			body: undefined,
			longerThan: 1_000_000,
		});
		expect(await readAnswer(streamed('12'), 1)).toMatchObject({ longerThan: 1 });
	});
});
