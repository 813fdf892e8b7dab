import { describe, expect, it } from 'vitest';

import { addressOf } from '../../../../nodes/Twenty2/api/media/download';
import { failureFrom } from '../failureFrom';

const secure = 'https://api.twentytwo.in';
const local = 'http://127.0.0.1:4022';

describe('addressOf', () => {
	it.each([
		['https://files.example/a.wav', secure],
		['https://api.twentytwo.in/a.wav', secure],
		['https://files.example/a.wav', local],
		['http://127.0.0.1:4022/a.wav', local],
		['HTTP://127.0.0.1:4022/a.wav', `${local}/proxy`],
	])('follows %s with the Base URL %s', (link, baseUrl) => {
		expect(addressOf(link, baseUrl).href).toBe(new URL(link).href);
	});

	it.each([
		['http://api.twentytwo.in/a.wav', secure, 'http://api.twentytwo.in'],
		['http://api.twentytwo.in:443/a.wav', 'https://api.twentytwo.in:443', '//api.twentytwo.in:443'],
		['http://files.example/a.wav', secure, 'http://files.example'],
		['http://127.0.0.1:4023/a.wav', local, 'http://127.0.0.1:4023'],
		['ftp://127.0.0.1:4022/a.wav', local, 'ftp://127.0.0.1:4022'],
	])('does not follow %s with the Base URL %s', (link, baseUrl, shown) => {
		const { code, message } = failureFrom(() => addressOf(link, baseUrl)).fields;
		expect(code).toBe('DOWNLOAD_FAILED');
		expect(message).toContain(`${shown}, and only https is followed`);
	});

	it('does not follow a redirect from https to plain http on the same host', () => {
		const from = addressOf('https://api.twentytwo.in/a.wav', secure);
		expect(addressOf('b.wav', secure, from).href).toBe('https://api.twentytwo.in/b.wav');
		const { message } = failureFrom(() =>
			addressOf('http://api.twentytwo.in/b', secure, from),
		).fields;
		expect(message).toContain('only https is followed');
	});
});
