import { expect, it } from 'vitest';

import { addressOf } from '../../../../nodes/Twenty2/api/media/download';
import { isPrivate } from '../../../../nodes/Twenty2/api/media/privateHost';
import { failureFrom } from '../failureFrom';

const hostOf = (host: string) => new URL(`https://${host}/a.wav`).hostname;

it.each([
	'127.0.0.1',
	'127.1',
	'2130706433',
	'0x7f.0.0.1',
	'0177.0.0.1',
	'127.0.0.1.',
	'0.0.0.0',
	'10.0.0.1',
	'10.255.255.255',
	'100.64.0.1',
	'100.127.255.255',
	'169.254.169.254',
	'172.16.0.1',
	'172.31.255.255',
	'192.0.0.1',
	'192.168.1.1',
	'198.19.0.1',
	'224.0.0.1',
	'255.255.255.255',
	'[::]',
	'[::1]',
	'[0:0:0:0:0:0:0:1]',
	'[::ffff:127.0.0.1]',
	'[::ffff:7f00:1]',
	'[::ffff:10.0.0.1]',
	'[::ffff:0:192.168.0.1]',
	'[::127.0.0.1]',
	'[64:ff9b::10.0.0.1]',
	'[64:ff9b:1::1]',
	'[2002:7f00:1::]',
	'[2001:0:4136:e378::1]',
	'[fc00::1]',
	'[fd12:3456:789a::1]',
	'[fd12:3456:789a:1:2:3:4:5]',
	'[fe80::1]',
	'[febf::1]',
	'[fec0::1]',
	'[ff02::1]',
	'3cx.local',
	'1-and-1',
	'localhost',
	'LOCALHOST',
	'localhost.',
	'files.localhost',
	'printer.local',
	'printer.local.',
	'metadata.google.internal',
	'nas.lan',
	'nas.home.arpa',
	'redis',
	'redis.',
])('%s is a private host', (host) => {
	expect(isPrivate(hostOf(host))).toBe(true);
});

it.each([
	'files.example',
	'files.twentytwo.in',
	'local.example',
	'localhost.example',
	'internal.twentytwo.in',
	'10.example.com',
	'1.1.1.1',
	'9.255.255.255',
	'11.0.0.0',
	'100.63.255.255',
	'100.128.0.0',
	'172.15.255.255',
	'172.32.0.0',
	'192.167.255.255',
	'223.255.255.255',
	'[2606:4700:4700::1111]',
	'[2606:4700:4700:1:2:3:4:1111]',
	'[2a00:0:1::1]',
	'[2001:4860:4860::8888]',
	'[::ffff:1.1.1.1]',
	'[64:ff9b::1.1.1.1]',
	'[2002:101:101::]',
])('%s is not a private host', (host) => {
	expect(isPrivate(hostOf(host))).toBe(false);
});

it.each([
	['https://192.168.0.7/a.wav', 'https://api.twentytwo.in', '192.168.0.7'],
	['https://[::ffff:10.0.0.1]:8443/a.wav', 'https://api.twentytwo.in', '[::ffff:a00:1]:8443'],
	['https://localhost/a.wav', 'http://127.0.0.1:4022', 'localhost'],
])('addressOf does not follow %s with the Base URL %s', (link, baseUrl, shown) => {
	const { code, message } = failureFrom(() => addressOf(link, baseUrl)).fields;
	expect(code).toBe('DOWNLOAD_FAILED');
	expect(message).toBe(`Its link leads to ${shown}, which is not on the internet`);
});

it('addressOf does not follow a redirect into a private network', () => {
	const from = addressOf('https://files.example/a.wav', 'https://api.twentytwo.in');
	const redirected = () => addressOf('//169.254.169.254/latest', 'https://api.twentytwo.in', from);
	expect(failureFrom(redirected).fields.message).toContain('169.254.169.254');
});

it('addressOf follows a link to the host of the Base URL, wherever that is', () => {
	for (const [link, baseUrl] of [
		['https://twenty2.internal/a.wav', 'https://twenty2.internal'],
		['https://10.0.0.9:8443/a.wav', 'https://10.0.0.9'],
		['http://localhost:4022/a.wav', 'http://localhost:4022'],
	] as const) {
		expect(addressOf(link, baseUrl).href).toBe(link);
	}
});
