import { describe, expect, it } from 'vitest';

import { answered } from '../../../nodes/Twenty2/api/transport';

describe('answered', () => {
	it('reads the full response that n8n gives', () => {
		const headers = { 'retry-after': '5', 'content-type': 'text/html' };
		const response = { statusCode: 429, statusMessage: 'x', headers, body: '<html>' };
		expect(answered(response)).toEqual({ status: 429, retryAfter: '5', body: '<html>' });
	});

	it('needs neither a Retry-After nor a body', () => {
		const answer = answered({ statusCode: 204, headers: {} });
		expect(answer).toEqual({ status: 204, retryAfter: undefined, body: undefined });
	});
});
