import { describe, expect, it } from 'vitest';

import { apiKey } from '../../../nodes/Twenty2/api/apiKey';
import { workspace } from '../../../nodes/Twenty2/api/workspace';
import { alarming, failureFrom } from './failureFrom';

const generations = { apiKey, workspace };

const credential = {
	apiKey: 'key_1',
	apiSecret: 'secret_1',
	workspaceId: 'ws_1',
	baseUrl: 'https://api.twentytwo.in',
	requestsPerMinute: 60,
	concurrentCalls: 3,
};

describe.each(['apiKey', 'workspace'] as const)('account of %s', (generation) => {
	const account = (change: object = {}) =>
		generations[generation].account({ ...credential, ...change });
	const refusal = (change: object) => failureFrom(() => account(change)).fields;

	it('says where to correct a field', () => {
		expect(refusal({ apiKey: '' })).toMatchObject({
			code: 'INVALID_INPUT',
			message: 'API Key in the Twenty2 credential must not be empty or contain spaces',
			description: 'Open the credential and correct it',
		});
		const nothing = () => generations[generation].account(undefined);
		expect(failureFrom(nothing).fields.message).toMatch(/^One field in the Twenty2 credential /);
	});

	it('reads the credential', () => {
		expect(account()).toMatchObject({
			apiKey: 'key_1',
			baseUrl: 'https://api.twentytwo.in',
			limits: { requestsPerMinute: 60, concurrentCalls: 3 },
		});
		expect(Object.keys(account().limits)).toHaveLength(2);
	});

	it.each([
		['https://api.twentytwo.in/', 'https://api.twentytwo.in'],
		['https://api.twentytwo.in///', 'https://api.twentytwo.in'],
		[' https://api.twentytwo.in\n', 'https://api.twentytwo.in'],
		['http://localhost:3000', 'http://localhost:3000'],
		['http://[::1]:3000/', 'http://[::1]:3000'],
		['https://proxy.example/twenty2/', 'https://proxy.example/twenty2'],
		['https://proxy.example/@twenty2', 'https://proxy.example/@twenty2'],
		['https://api.example.com', 'https://api.example.com'],
		['https://API.TwentyTwo.in', 'https://api.twentytwo.in'],
		['HTTPS://api.twentytwo.in:443/', 'https://api.twentytwo.in'],
		['http://localhost:80', 'http://localhost'],
		['https://proxy.example:8443/Twenty2/', 'https://proxy.example:8443/Twenty2'],
	])('takes %o as the address %s', (baseUrl, address) => {
		expect(account({ baseUrl }).baseUrl).toBe(address);
	});

	it.each([
		'',
		'   ',
		'api.twentytwo.in',
		'//api.twentytwo.in',
		'ftp://api.twentytwo.in',
		'https://',
		'https:///path',
		'https://api.twentytwo.in?x=1',
		'https://api.twentytwo.in/v1?x=1',
		'https://api.twentytwo.in#top',
		'https://api.twentytwo.in/ v1',
		'https://api.twenty two.in',
		'https://@api.twentytwo.in',
		'https://api.twentytwo.in:99999',
		'https://api.twentytwo.in:port',
		'https://user@api.twentytwo.in',
		'https://user:password@api.twentytwo.in',
		'https://user:password@api.twentytwo.in/v1',
		undefined,
		null,
		7,
	])('refuses the address %o', (baseUrl) => {
		expect(refusal({ baseUrl })).toMatchObject({
			code: 'INVALID_INPUT',
			message: expect.stringMatching(/^Base URL in the Twenty2 credential must be an address/),
			source: 'n8n',
			status: null,
		});
	});

	it.each([
		'http://api.twentytwo.in',
		'HTTP://API.TwentyTwo.in:80/',
		' http://api.twentytwo.in/api\n',
		'http://api.twentytwo.in:443',
		'http://proxy.example/twenty2',
		'http://8.8.8.8:3000',
		'http://[2001:4860:4860::8888]',
		'http://localhost.example',
	])('refuses %o, where the key would go in clear', (baseUrl) => {
		expect(refusal({ baseUrl })).toMatchObject({
			code: 'INVALID_INPUT',
			message:
				'Base URL in the Twenty2 credential must begin with https://, because http:// would send the key unencrypted',
			description: 'Open the credential and correct it',
		});
	});

	it.each([
		'http://127.0.0.1:4022',
		'http://localhost:4022',
		'http://[::1]:4022',
		'http://10.1.2.3',
		'http://172.16.0.9:8080/twenty2',
		'http://192.168.1.20',
		'http://sandbox:4022',
		'http://twenty2.internal',
		'http://host.docker.internal:4022',
	])('takes %o, which does not leave the private network', (baseUrl) => {
		expect(account({ baseUrl }).baseUrl).toBe(baseUrl);
	});

	describe.each([
		['requestsPerMinute', 'Requests per Minute'],
		['concurrentCalls', 'Concurrent Calls'],
	] as const)('%s', (field, label) => {
		it.each([
			[1, 1],
			[600, 600],
			['60', 60],
		])('takes %o', (given, limit) => {
			expect(account({ [field]: given }).limits[field]).toBe(limit);
		});

		it.each([0, -1, 1.5, '1.5', '', 'many', Number.NaN, Number.POSITIVE_INFINITY, null, undefined])(
			'refuses %o',
			(given) => {
				const { code, message } = refusal({ [field]: given });
				expect(code).toBe('INVALID_INPUT');
				expect(message).toBe(`${label} in the Twenty2 credential must be a whole number from 1 up`);
			},
		);
	});

	const secrets =
		generation === 'apiKey'
			? ([['apiKey', 'API Key']] as const)
			: ([
					['apiKey', 'API Key'],
					['apiSecret', 'API Secret'],
					['workspaceId', 'Workspace ID'],
				] as const);

	describe.each(secrets)('%s', (field, label) => {
		it.each([
			'',
			' ',
			'two words',
			'key ',
			' key',
			'key\n',
			'\r\nkey',
			'kéy',
			'key\t',
			'\u200bkey',
			undefined,
			null,
			7,
		])('refuses %o and does not repeat it', (given) => {
			const { code, message, description = '' } = refusal({ [field]: given });
			expect(code).toBe('INVALID_INPUT');
			expect(message).toMatch(new RegExp(`^${label} in the Twenty2 credential (is|must not be) `));
			if (typeof given === 'string' && given.trim() !== '') expect(message).not.toContain(given);
			expect(`${message} ${description}`).not.toMatch(alarming);
		});
	});

	it.each([undefined, null, 'key', []])('refuses the credential %o', (given) => {
		const { code } = failureFrom(() => generations[generation].account(given)).fields;
		expect(code).toBe('INVALID_INPUT');
	});
});

it('keeps /api in the address of an API key account', () => {
	const baseUrl = 'https://proxy.example/api';
	expect(apiKey.account({ ...credential, baseUrl }).baseUrl).toBe(baseUrl);
});
