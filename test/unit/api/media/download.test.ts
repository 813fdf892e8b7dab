/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';

import { textOf } from '../../../../nodes/Twenty2/api/bodyStream';
import { Failure } from '../../../../nodes/Twenty2/api/failure';
import { addressOf, download, type Download } from '../../../../nodes/Twenty2/api/media/download';
import type { Media, MediaAnswer } from '../../../../nodes/Twenty2/api/media/files';
import { later, pass, settle, useFakeTime, watch } from '../../policy/fakeTime';
import { failureFrom } from '../failureFrom';

const secure = 'https://api.twentytwo.in';
const local = 'http://127.0.0.1:4022';

it.each([
	['https://files.example/a.wav', secure],
	['https://api.twentytwo.in/a.wav', secure],
	['https://files.example/a.wav', local],
	['http://127.0.0.1:4022/a.wav', local],
	['HTTP://127.0.0.1:4022/a.wav', `${local}/proxy`],
])('addressOf follows %s with the Base URL %s', (link, baseUrl) => {
	expect(addressOf(link, baseUrl).href).toBe(new URL(link).href);
});

it.each([
	['http://api.twentytwo.in/a.wav', secure, 'http://api.twentytwo.in'],
	['http://api.twentytwo.in:443/a.wav', 'https://api.twentytwo.in:443', '//api.twentytwo.in:443'],
	['http://files.example/a.wav', secure, 'http://files.example'],
	['http://127.0.0.1:4023/a.wav', local, 'http://127.0.0.1:4023'],
	['ftp://127.0.0.1:4022/a.wav', local, 'ftp://127.0.0.1:4022'],
])('addressOf does not follow %s with the Base URL %s', (link, baseUrl, shown) => {
	const { code, message } = failureFrom(() => addressOf(link, baseUrl)).fields;
	expect(code).toBe('DOWNLOAD_FAILED');
	expect(message).toContain(`${shown}, and only https is followed`);
});

it('addressOf does not follow a redirect from https to plain http on the same host', () => {
	const from = addressOf('https://api.twentytwo.in/a.wav', secure);
	expect(addressOf('b.wav', secure, from).href).toBe('https://api.twentytwo.in/b.wav');
	const { message } = failureFrom(() =>
		addressOf('http://api.twentytwo.in/b', secure, from),
	).fields;
	expect(message).toContain('only https is followed');
});

it.each(['', '/a.wav', 'a link'])('addressOf does not take %j for an address', (link) => {
	expect(failureFrom(() => addressOf(link, secure)).fields).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: 'Its link is not an address',
		status: null,
	});
});

it('addressOf follows links with https where the Base URL is no address', () => {
	expect(addressOf('https://files.example/a.wav', '').href).toBe('https://files.example/a.wav');
	expect(() => addressOf('http://files.example/a.wav', '')).toThrow('only https');
});

it.each([
	['https://192.168.0.7/a.wav', 'https://api.twentytwo.in', '192.168.0.7'],
	['https://[::ffff:10.0.0.1]:8443/a.wav', 'https://api.twentytwo.in', '[::ffff:a00:1]:8443'],
	['https://localhost/a.wav', 'http://127.0.0.1:4022', 'localhost'],
])(
	'addressOf does not follow %s into a private network with the Base URL %s',
	(link, baseUrl, shown) => {
		const { code, message } = failureFrom(() => addressOf(link, baseUrl)).fields;
		expect(code).toBe('DOWNLOAD_FAILED');
		expect(message).toBe(`Its link leads to ${shown}, which is not on the internet`);
	},
);

it('addressOf does not follow a redirect into a private network', () => {
	const from = addressOf('https://files.example/a.wav', 'https://api.twentytwo.in');
	const redirected = () => addressOf('//169.254.169.254/latest', 'https://api.twentytwo.in', from);
	expect(failureFrom(redirected).fields.message).toContain('169.254.169.254');
});

it('addressOf follows a link to the host of the Base URL, wherever that is', () => {
	for (const [link, baseUrl] of [
		['https://twenty2.internal/a.wav', 'https://twenty2.internal'],
		['https://10.0.0.9:8443/a.wav', 'https://10.0.0.9'],
		['https://10.0.0.1/a.wav', 'https://10.0.0.1:4022'],
		['http://localhost:4022/a.wav', 'http://localhost:4022'],
	] as const) {
		expect(addressOf(link, baseUrl).href).toBe(link);
	}
});

const link = 'https://media.example/call_1.wav';

type Answer = Partial<MediaAnswer>;

/** The files of a server that gives these answers, the last one for good. */
function mediaWith(...answers: Answer[]) {
	const opened: string[] = [];
	const signals: AbortSignal[] = [];
	const media: Media = {
		baseUrl: secure,
		async open(address, { signal }) {
			const answer = answers[Math.min(opened.length, answers.length - 1)];
			opened.push(address.href);
			signals.push(signal);
			const body = answer?.body ?? Readable.from([Buffer.from('audio')]);
			// In n8n, what closes the connection breaks off the body.
			body.on('error', () => undefined);
			signal.addEventListener('abort', () => body.destroy(new Error('cut')));
			return await Promise.resolve({ statusCode: 200, headers: {}, ...answer, body });
		},
		keep: async () => await Promise.reject(new Error('nothing is kept here')),
	};
	return { media, opened, signals };
}

const readText = async (body: Parameters<typeof textOf>[0]) => (await textOf(body, 1_000)) ?? '';

const wanted = (more: Partial<Download<string>> = {}): Download<string> => ({
	link,
	timeoutMs: 1_000,
	maxBytes: 100,
	signal: new AbortController().signal,
	read: readText,
	...more,
});

const failureOfDownload = async (answers: Answer[], more: Partial<Download<string>> = {}) => {
	const { media, ...seen } = mediaWith(...answers);
	const reason = await download(media, wanted(more)).catch((error: unknown) => error);
	if (!(reason instanceof Failure)) throw reason;
	return { ...reason.fields, ...seen };
};

const redirect = (location: string): Answer => ({ statusCode: 302, headers: { location } });

it('reads the file, and tells its reader where it came from', async () => {
	const headers = { 'content-type': 'audio/wav' };
	const { media, signals } = mediaWith(redirect('/moved.wav'), { headers });
	const read: Download<unknown>['read'] = async (body, source) => [
		await readText(body),
		source.address.href,
		source.headers,
	];
	expect(await download(media, { ...wanted(), read })).toEqual([
		'audio',
		'https://media.example/moved.wav',
		headers,
	]);
	// Also the one whose body nobody reads.
	expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

it('begins with its link again, as where that leads may have expired since', async () => {
	const { media, opened } = mediaWith(redirect('/signed-1.wav'), { statusCode: 503 });
	await expect(download(media, wanted())).rejects.toThrow('status 503');
	await expect(download(media, wanted())).rejects.toThrow('status 503');
	expect(opened).toEqual([link, 'https://media.example/signed-1.wav', link]);
});

it.each([300, 301, 302, 307, 308, 399])('follows a %i that says where to', async (statusCode) => {
	const { media, opened } = mediaWith({ ...redirect('/moved.wav'), statusCode }, {});
	expect(await download(media, wanted())).toBe('audio');
	expect(opened).toHaveLength(2);
});

it('does not follow what is no redirect, or one to nowhere', async () => {
	const notFound = { ...redirect('/moved.wav'), statusCode: 404 };
	expect((await failureOfDownload([notFound])).opened).toHaveLength(1);
	expect((await failureOfDownload([{ ...notFound, statusCode: 400 }])).opened).toHaveLength(1);
	for (const statusCode of [300, 304]) {
		expect(await failureOfDownload([{ statusCode }])).toMatchObject({ status: statusCode });
	}
	expect(await download(mediaWith({ headers: { location: '/x' } }).media, wanted())).toBe('audio');
});

it('follows five redirects and no sixth', async () => {
	const { media } = mediaWith(...Array.from({ length: 5 }, () => redirect('/next.wav')), {});
	expect(await download(media, wanted())).toBe('audio');
	const { message, opened } = await failureOfDownload([redirect('/next.wav')]);
	expect(message).toBe('Its link was redirected more than 5 times');
	expect(opened).toHaveLength(6);
});

it.each([
	[403, 'DOWNLOAD_FAILED', ', as an expired one does'],
	[410, 'DOWNLOAD_FAILED', ', as an expired one does'],
	[199, 'DOWNLOAD_FAILED', ''],
	[202, 'NOT_READY', ''],
	[404, 'NOT_READY', ''],
	[429, 'INTERNAL_ERROR', ''],
	[499, 'DOWNLOAD_FAILED', ''],
	[500, 'INTERNAL_ERROR', ''],
	[503, 'INTERNAL_ERROR', ''],
])('says of a %i whether another try may help (%s)', async (statusCode, code, like) => {
	expect(await failureOfDownload([{ statusCode }])).toMatchObject({
		code,
		message: `Its link answered with status ${statusCode}${like}`,
		status: statusCode,
		source: 'n8n',
		signals: [{ aborted: true }],
	});
});

it.each([200, 204, 299])('takes a %i for the file', async (statusCode) => {
	expect(await download(mediaWith({ statusCode }).media, wanted())).toBe('audio');
});

it('reads a file that is as long as it may be, and none that is a byte longer', async () => {
	expect(await download(mediaWith({}).media, wanted({ maxBytes: 5 }))).toBe('audio');
	expect(await failureOfDownload([{}], { maxBytes: 4 })).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: 'It is longer than 0.000004 MB',
		status: 200,
	});
});

it.each<[string, Answer]>([
	['with nothing in it', {}],
	['that says so', { headers: { 'content-length': '0' } }],
	['of no content', { statusCode: 204 }],
])('takes an answer %s for an empty file', async (_, answer) => {
	const { code, message } = await failureOfDownload([{ body: Readable.from([]), ...answer }]);
	expect({ code, message }).toEqual({ code: 'EMPTY', message: 'It is empty' });
});

it('does not read a file that is empty, unless it is a page by its type', async () => {
	const read = vi.fn(readText);
	const answer = (type: string) => ({
		headers: { 'content-type': type },
		body: Readable.from([]),
	});
	expect(await failureOfDownload([answer('text/plain')], { read })).toMatchObject({
		code: 'EMPTY',
	});
	expect(read).not.toHaveBeenCalled();
	for (const type of ['text/HTML; charset=utf-8', 'application/xhtml+xml']) {
		expect(await download(mediaWith(answer(type)).media, wanted())).toBe('');
	}
});

it('does not begin with a file that says that it is too long', async () => {
	const ofLength = (length: string): Answer => ({ headers: { 'content-length': length } });
	const read = vi.fn(readText);
	const { signals, message } = await failureOfDownload([ofLength('101')], { read });
	expect(message).toBe('It is longer than 0.0001 MB');
	expect(read).not.toHaveBeenCalled();
	expect(signals).toMatchObject([{ aborted: true }]);
	expect(await download(mediaWith(ofLength('100')).media, wanted())).toBe('audio');
});

it('says why the file could not be kept, and nothing else that its reader says', async () => {
	const full = async () => await Promise.reject(new Error('no space left'));
	expect(await failureOfDownload([{}], { read: full })).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: 'This n8n could not keep it: no space left',
	});
	const page = Failure.ofNode('DOWNLOAD_FAILED', 'It is a page');
	const refusing = async () => await Promise.reject(page);
	expect((await failureOfDownload([{}], { read: refusing })).message).toBe('It is a page');
});

it('has no file that is too long, whatever its reader makes of what came', async () => {
	const read: Download<string>['read'] = async (body) =>
		await readText(body).catch(() => 'the beginning');
	expect((await failureOfDownload([{}], { maxBytes: 4, read })).message).toMatch(/longer/);
});

it('may be tried again when the connection ends too early', async () => {
	const body = new Readable({ read: () => undefined });
	body.push('half');
	const read: Download<string>['read'] = async (file) => {
		body.destroy(new Error('aborted'));
		return await readText(file);
	};
	expect(await failureOfDownload([{ body }], { read })).toMatchObject({
		code: 'TIMEOUT',
		message: 'The connection ended before all of it had come',
		status: null,
	});
});

describe('A download in the course of time', () => {
	useFakeTime();

	/** A download of a body that is given part by part, of which 1,000 bytes a second have to come. */
	const begin = (timeoutMs = 2_000, stop = new AbortController()) => {
		const body = new Readable({ read: () => undefined });
		const { media, signals } = mediaWith({ body });
		const more = { timeoutMs, maxBytes: 1_000_000, signal: stop.signal };
		const read: Download<number>['read'] = async (audio) =>
			((await textOf(audio, 1_000_000)) ?? '').length;
		const result = watch(download(media, { ...wanted(), ...more, read }));
		return { body, result, signals, stop };
	};

	it('a download may take as long as it needs while enough comes', async () => {
		const { body, result } = begin();
		await settle();
		for (let n = 0; n < 10; n++) {
			body.push(Buffer.alloc(2_000));
			await pass(1_990);
		}
		body.push(null);
		await settle();
		expect(result.value).toBe(20_000);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('a download ends when nothing more comes, and cuts the connection', async () => {
		const { body, result, signals } = begin();
		await settle();
		body.push(Buffer.alloc(2_000));
		await pass(1_999);
		expect(result.reason).toBeUndefined();
		await pass(1);
		expect(result.reason).toMatchObject({
			fields: { code: 'TIMEOUT', message: 'Nothing more came for 2 seconds', status: null },
		});
		expect(signals).toMatchObject([{ aborted: true }]);
		expect(vi.getTimerCount()).toBe(0);
	});

	it('a download lets n8n take as long as it needs with what has come', async () => {
		const { media } = mediaWith({});
		const kept = later<string>();
		const read: Download<string>['read'] = async (body) => {
			await readText(body);
			return await kept.promise;
		};
		const result = watch(download(media, wanted({ read })));
		await pass(5_000);
		expect(result.at).toBeUndefined();
		kept.resolve('kept');
		await settle();
		expect(result.value).toBe('kept');
	});

	it('a download ends when too little comes, however often', async () => {
		const { body, result } = begin();
		await settle();
		for (let n = 0; n < 4 && !result.reason; n++) {
			body.push(Buffer.alloc(499));
			await pass(500);
		}
		expect(result.reason).toMatchObject({
			fields: { code: 'TIMEOUT', message: 'No more than 1996 bytes came in 2 seconds' },
		});
	});
});
