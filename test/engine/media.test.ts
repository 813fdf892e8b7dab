/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { IBinaryData, IDataObject, INodeExecutionData } from 'n8n-workflow';
import { readdirSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { recording, startSandbox, type Sandbox } from '../../sandbox';
import { listen } from '../../sandbox/listen';
import { binaryData, core } from './n8nCore';
import { createCallNode, engineFor, getCallNode, phone } from './twenty2';

const generations = ['apiKey', 'workspace'] as const;

const both = { downloadRecording: true, includeTranscript: true };

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 10_000, ringMs: 1, talkMs: 1 });
});
afterEach(() => sandbox.close());

/** A call that has ended. */
async function endedCall(authentication: string = 'apiKey', number = phone(7)): Promise<string> {
	await engineFor(sandbox).run({
		items: [{ phone: number }],
		node: createCallNode({ authentication }),
	});
	const call = sandbox.seen.calls.at(-1);
	if (!call) throw new Error('no call was placed');
	await expect.poll(() => Date.now() > call.endedAt).toBe(true);
	return call.call_id;
}

const lookUp = async (
	call_id: string,
	options: IDataObject = both,
	parameters: IDataObject = {},
	at: Pick<Sandbox, 'url'> = sandbox,
) =>
	await engineFor(at).run({
		items: [{ call_id }],
		node: getCallNode({ options, ...parameters }, { onError: 'continueErrorOutput' }),
	});

const bytesOf = async (item: INodeExecutionData | undefined) => {
	const kept: IBinaryData | undefined = item?.binary?.recording;
	if (!kept) throw new Error('no recording came');
	return await binaryData.getAsBuffer(kept);
};

const wholeRecording = () => Buffer.concat([...recording(sandbox.media.recordingBytes)]);

const userFolder = process.env.N8N_USER_FOLDER ?? '';
afterAll(() => rmSync(userFolder, { recursive: true, force: true }));

/** Listens until the test has ended. */
async function listening<S extends Server>(server: S): Promise<{ url: string; server: S }> {
	const port = await listen(server);
	onEnd.push(() => server.close());
	return { url: `http://127.0.0.1:${port}`, server };
}
const onEnd: Array<() => void> = [];
afterEach(() => onEnd.splice(0).forEach((end) => end()));

/** A Twenty2 whose only call has its recording at this path, or at any other address. */
async function twenty2With(link: string, media: RequestListener) {
	const server = createServer((request, response) => {
		if (!request.url?.startsWith('/v1/calls/')) return media(request, response);
		const recording_url = URL.canParse(link) ? link : `http://${request.headers.host}${link}`;
		const call = { success: true, call_id: 'call_1', status: 'completed', recording_url };
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(call));
	});
	onEnd.push(() => server.closeAllConnections());
	return await listening(server);
}

// Before n8n is told to keep files on disk, which it cannot be told to stop.
it('a recording comes whole where n8n keeps files in memory', async () => {
	const run = await lookUp(await endedCall());
	expect(await bytesOf(run.success[0])).toEqual(wholeRecording());
});

it('a recording that breaks off is no recording', async () => {
	sandbox.behaveMedia('*', 'cut');
	const run = await lookUp(await endedCall(), { ...both, maxRetries: 0 });
	expect(run.errors[0]?.json.error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
});

describe('Recording and transcript', () => {
	beforeAll(() => binaryData.init());

	describe.each(generations)('of Get Call (%s)', (authentication) => {
		it.each(['simplified', 'raw'])(
			'recording and transcript come with the call (output: %s)',
			async (output) => {
				const call_id = await endedCall(authentication);
				const alone = await lookUp(call_id, {}, { authentication, output });
				const run = await lookUp(call_id, both, { authentication, output });

				expect(run.success).toHaveLength(1);
				const [{ json = {}, binary = {} } = {}] = run.success;
				const { transcript_text, ...rest } = json;
				expect(transcript_text).toMatch(
					/^asst_demo: Hello, can you hear me\?\n.+: Yes, I can\.\n$/,
				);
				// All but the links, which are others every time.
				expect(Object.keys(rest)).toEqual(Object.keys(alone.success[0]?.json ?? {}));
				expect(binary).toEqual({
					recording: expect.objectContaining({
						mimeType: 'audio/wav',
						fileName: `${call_id}.wav`,
						fileExtension: 'wav',
					}),
				});
				expect(await bytesOf(run.success[0])).toEqual(wholeRecording());
			},
		);

		it('recording and transcript are fetched without the credential, and only where they are wanted', async () => {
			const call_id = await endedCall(authentication);
			const plain = await lookUp(call_id, {}, { authentication });
			expect(sandbox.seen.media).toEqual([]);
			expect(plain.success[0]).not.toHaveProperty('binary');

			const requests = sandbox.seen.requests.length;
			await lookUp(call_id, both, { authentication });
			expect(sandbox.seen.media).toHaveLength(2);
			for (const { headers } of sandbox.seen.media) {
				expect(headers).not.toHaveProperty('authorization');
				expect(headers).not.toHaveProperty('x-workspace-id');
				expect(JSON.stringify(headers)).not.toMatch(/sandbox-key|sandbox-secret|ws_sandbox/);
			}
			// Of the key's limit they use nothing.
			expect(sandbox.seen.requests).toHaveLength(requests + 1);
		});

		it('recording and transcript that a call does not have are not missed', async () => {
			sandbox.behave(phone(1), 'unanswered');
			const unanswered = await endedCall(authentication, phone(1));
			sandbox.pace.talkMs = 60_000;
			await engineFor(sandbox).run({
				items: [{ phone: phone(2) }],
				node: createCallNode({ authentication }),
			});
			const going = sandbox.seen.callsTo(phone(2))[0]?.call_id ?? '';

			for (const call_id of [unanswered, going]) {
				const run = await lookUp(call_id, both, { authentication });
				expect(run.success[0]?.json.call_id).toBe(call_id);
				expect(run.success[0]?.json).not.toHaveProperty('transcript_text');
				expect(run.success[0]).not.toHaveProperty('binary');
			}
		});

		it('a file whose link has expired leaves the call’s data with the item', async () => {
			const call_id = await endedCall(authentication);
			const alone = await lookUp(call_id, {}, { authentication });
			sandbox.media.linkLifetimeMs = 0;
			const run = await lookUp(call_id, both, { authentication });

			expect(run.success).toEqual([]);
			expect(run.errors).toEqual([
				{
					json: {
						call_id,
						error: {
							code: 'DOWNLOAD_FAILED',
							message:
								'The recording could not be downloaded. Its link answered with status 403, as an expired one does',
							description: expect.stringContaining('new link'),
							status: 403,
							source: 'n8n',
							attempts: 2,
							call_id,
							call: {
								...alone.success[0]?.json,
								recording_url: expect.stringMatching(/^http/),
							},
						},
					},
					pairedItem: { item: 0 },
				},
			]);
		});
	});

	it('the message says which of the two files is not there', async () => {
		const call_id = await endedCall();
		sandbox.behaveMedia(call_id, { kind: 'answer', status: 410 });
		const run = await lookUp(call_id, { includeTranscript: true });
		expect(run.errors[0]?.json.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			message:
				'The transcript could not be downloaded. Its link answered with status 410, as an expired one does',
			status: 410,
			attempts: 2,
			call: { call_id, status: 'completed' },
		});
	});

	it('a missing file ends a run under Stop Workflow with the call’s data', async () => {
		const call_id = await endedCall();
		sandbox.behaveMedia(call_id, 'expired');
		const run = await engineFor(sandbox).run({
			items: [{ call_id }],
			node: getCallNode({ options: both }),
		});
		expect(run.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			httpCode: '403',
			context: { data: { error: { call_id, call: { status: 'completed' } } } },
		});
	});

	it('a retry asks for new links where the old ones have expired', async () => {
		sandbox.media.linkLifetimeMs = 0;
		const options = { ...both, pollIntervalSeconds: 1 };
		const node = createCallNode({ waitForCompletion: true, options });
		const failed = await engineFor(sandbox).run({ items: [{ phone: phone(3) }], node });
		expect(failed.error).toMatchObject({ code: 'DOWNLOAD_FAILED' });

		sandbox.media.linkLifetimeMs = 60_000;
		const retried = await failed.retry();
		expect(await bytesOf(retried.success[0])).toEqual(wholeRecording());
		expect(retried.success[0]?.json.transcript_text).toContain('Hello');
		expect(sandbox.seen.calls).toHaveLength(1);
	});

	it('files come whole after an attempt that broke off', async () => {
		sandbox.media.recordingBytes = 300_000;
		sandbox.behaveMedia('*', { kind: 'cut', times: 1 });
		const run = await lookUp(await endedCall());
		expect(await bytesOf(run.success[0])).toEqual(wholeRecording());
	});

	it('files may take longer than Request Timeout while they keep coming', async () => {
		sandbox.media.recordingBytes = 2_000_000;
		sandbox.behaveMedia('*', { kind: 'slow', ms: 100 });
		const from = performance.now();
		const options = { downloadRecording: true, requestTimeoutSeconds: 2, maxRetries: 0 };
		const run = await lookUp(await endedCall(), options);
		expect(wholeRecording().equals(await bytesOf(run.success[0]))).toBe(true);
		expect(performance.now() - from).toBeGreaterThan(2_000);
	});

	it('files are given up where the beginning of the answer drips', async () => {
		const { url } = await twenty2With('/media/a.wav', (_, { socket }) => {
			socket?.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nx-drip: ');
			const drip = setInterval(() => socket?.write('x'), 100);
			socket?.once('close', () => clearInterval(drip));
		});
		const options = { downloadRecording: true, requestTimeoutSeconds: 1, maxRetries: 0 };
		const run = await lookUp('call_1', options, {}, { url });
		expect(run.errors[0]?.json.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			message: expect.stringMatching(/No answer from http:\S+ within 1 seconds$/),
		});
	});

	describe('of more than the user allows', () => {
		const options = { downloadRecording: true, maxRecordingMegabytes: 1 };

		it.each([
			['at once, where the server tells its length', {}],
			['as soon as that has come, where it does not', { 'content-length': null }],
		])('a recording of more than the user allows is given up %s', async (_, headers) => {
			sandbox.media.recordingBytes = 20_000_000;
			sandbox.behaveMedia('*', { kind: 'headers', headers });
			const call_id = await endedCall();
			const files = readdirSync(userFolder, { recursive: true });
			const run = await lookUp(call_id, options);
			expect(run.errors[0]?.json.error).toMatchObject({
				code: 'DOWNLOAD_FAILED',
				message: 'The recording could not be downloaded. It is longer than 1 MB',
				status: 200,
				attempts: 2,
				call: { call_id },
			});
			const isFile = (name: unknown) => /\/binary_data\//.test(String(name));
			const left = readdirSync(userFolder, { recursive: true });
			expect(left.filter(isFile)).toEqual(files.filter(isFile));
		});

		it('the option is named where Max Recording Size is no size', async () => {
			const run = await lookUp('call_1', { ...options, maxRecordingMegabytes: 0 });
			expect(run.errors[0]?.json.error).toMatchObject({
				code: 'INVALID_INPUT',
				message: expect.stringContaining('Max Recording Size (MB)'),
			});
		});
	});

	it('the message says what n8n said when it has no room for the file', async () => {
		const full = new Error('ENOSPC: no space left on device');
		const keep = vi.spyOn(binaryData, 'store').mockRejectedValue(full);
		const run = await lookUp(await endedCall());
		keep.mockRestore();
		expect(run.errors[0]?.json.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			message: `The recording could not be downloaded. This n8n could not keep it: ${full.message}`,
			attempts: 2,
		});
	});

	it('Stop drops files at once, and leaves none', async () => {
		const call_id = await endedCall();
		const files = readdirSync(userFolder, { recursive: true });
		const store = vi.spyOn(core.BinaryDataService.prototype, 'store');
		sandbox.media.recordingBytes = 500_000;
		// Longer than this test, so that it ends by nothing but Stop.
		sandbox.behaveMedia('*', { kind: 'slow', ms: 600_000 });
		const running = await engineFor(sandbox).start({
			items: [{ call_id }],
			node: getCallNode({ options: { ...both, requestTimeoutSeconds: 3_600 } }),
		});
		await expect.poll(() => sandbox.seen.media.length).toBe(1);
		await expect.poll(() => store.mock.results.length).toBe(1);
		running.cancel();
		const run = await running.finished;
		const kept = await Promise.allSettled(store.mock.results.map(({ value }) => value));
		store.mockRestore();

		expect(run.status).toBe('canceled');
		expect(kept.map(({ status }) => status)).toEqual(['rejected']);
		expect(sandbox.seen.media).toHaveLength(1);
		const isFile = (name: unknown) => /\/binary_data\//.test(String(name));
		const left = readdirSync(userFolder, { recursive: true });
		expect(left.filter(isFile)).toEqual(files.filter(isFile));
	});
});

it('a link may redirect, at most 5 times', async () => {
	const call_id = await endedCall();
	sandbox.behaveMedia('*', {
		kind: 'answer',
		status: 302,
		headers: { location: `${call_id}.wav?expires=${Date.now() + 60_000}` },
		times: 5,
	});
	const followed = await lookUp(call_id, { downloadRecording: true });
	expect(await bytesOf(followed.success[0])).toEqual(wholeRecording());

	const location = '?expires=9999999999999';
	sandbox.behaveMedia('*', { kind: 'answer', status: 307, headers: { location } });
	const run = await lookUp(call_id, { downloadRecording: true });
	expect(run.errors[0]?.json.error).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: expect.stringContaining('redirected more than 5 times'),
		status: null,
		attempts: 7,
	});
});

it('a link to another host is followed with https only', async () => {
	const seen: Buffer[] = [];
	const stranger = await listening(
		createTcpServer((socket) => {
			socket.on('error', () => undefined).on('data', (data) => seen.push(data));
			socket.on('data', () => socket.destroy());
		}),
	);
	const call_id = await endedCall();
	const redirected = async (location: string) => {
		sandbox.behaveMedia('*', { kind: 'answer', status: 302, headers: { location } });
		return await lookUp(call_id, { downloadRecording: true, maxRetries: 0 });
	};

	const plain = await redirected(`${stranger.url}/call.wav`);
	expect(plain.errors[0]?.json.error).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: `The recording could not be downloaded. Its link leads to ${stranger.url}, and only https is followed`,
		status: null,
		attempts: 2,
	});
	expect(seen).toEqual([]);

	const secure = await redirected(`${stranger.url.replace('http:', 'https:')}/call.wav`);
	expect(secure.errors[0]?.json.error).toMatchObject({ code: 'DOWNLOAD_FAILED', attempts: 3 });
	// A TLS handshake, and nothing that could be read.
	expect(seen.map((data) => data[0])).toEqual([0x16]);
});

it.each([
	['http://127.0.0.1:9/call.wav', /leads to http:\/\/127\.0\.0\.1:9, and only https/],
	['data:audio/wav;base64,AAAA', /only https/],
])('a link %s is not followed', async (link, message) => {
	const { url } = await twenty2With(link, (_, response) => response.end('not to be read'));
	const run = await lookUp('call_1', both, {}, { url });
	expect(run.errors[0]?.json.error).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: expect.stringMatching(message),
		status: null,
		attempts: 1,
	});
});

it.each([
	['Text/HTML; charset=utf-8', 'text/html'],
	['application/problem+json', 'application/problem+json'],
])('a link that answers with a page (%s) brings no recording', async (type, shown) => {
	const page = '<h1>Please sign in</h1>'.repeat(10_000);
	let asked = 0;
	const { url } = await twenty2With('/media/a.wav', (_, response) => {
		asked++;
		response.writeHead(200, { 'content-type': type }).end(page);
	});
	const run = await lookUp('call_1', { downloadRecording: true }, {}, { url });
	expect(run.errors.map(({ json }) => json.error)).toEqual([
		{
			code: 'DOWNLOAD_FAILED',
			message: `The recording could not be downloaded. Its link answered with ${shown} instead of audio, as an expired one does`,
			description: expect.stringContaining('new link'),
			status: 200,
			source: 'n8n',
			attempts: 2,
			call_id: 'call_1',
			call: expect.objectContaining({ call_id: 'call_1', status: 'completed' }),
		},
	]);
	expect(run.success).toEqual([]);
	expect(asked).toBe(1);
});

it.each([
	['text/html', '<h1>Please sign in</h1>', 'text/html'],
	['application/octet-stream', '\uFEFF\n  <html lang="en"><body>Gone</body></html>', 'a page'],
])('a link that answers with a page (%s, %s) brings no transcript', async (type, page, shown) => {
	const call_id = await endedCall();
	sandbox.behaveMedia(call_id, {
		kind: 'answer',
		status: 200,
		headers: { 'content-type': type },
		body: page,
	});
	const run = await lookUp(call_id, { includeTranscript: true });
	expect(run.success).toEqual([]);
	expect(run.errors[0]?.json.error).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: `The transcript could not be downloaded. Its link answered with ${shown} instead of a transcript, as an expired one does`,
		status: 200,
		attempts: 2,
		call: { call_id },
	});
});

it('a link into a private network is not followed, nor is a redirect there', async () => {
	const call_id = await endedCall();
	const location = 'https://169.254.169.254/latest/meta-data';
	sandbox.behaveMedia('*', { kind: 'answer', status: 302, headers: { location } });
	const redirected = await lookUp(call_id, { downloadRecording: true });
	const { url } = await twenty2With('https://10.0.0.1/a.wav', () => undefined);
	const linked = await lookUp('call_1', { downloadRecording: true }, {}, { url });
	for (const [run, host] of [
		[redirected, '169.254.169.254'],
		[linked, '10.0.0.1'],
	] as const) {
		expect(run.errors[0]?.json.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			message: `The recording could not be downloaded. Its link leads to ${host}, which is not on the internet`,
			status: null,
		});
	}
});

it.each<[string, string, Record<string, string>, string, string]>([
	[
		'its own name',
		'/media/a%20b.mp3?x=1',
		{ 'content-type': 'audio/mpeg' },
		'a b.mp3',
		'audio/mpeg',
	],
	['the call’s', '/8f14e45f', { 'content-type': 'audio/x-wav' }, 'call_1.wav', 'audio/x-wav'],
])('a link gives a recording %s', async (_, path, headers, fileName, mimeType) => {
	const { url } = await twenty2With(path, (_request, response) =>
		response.writeHead(200, headers).end('RIFF'),
	);
	const run = await lookUp('call_1', { downloadRecording: true }, {}, { url });
	expect(run.success[0]?.binary?.recording).toMatchObject({ fileName, mimeType });
});

it.each([
	['text/plain; charset=utf-16le', Buffer.from('\uFEFFनमस्ते', 'utf16le'), 'नमस्ते'],
	['text/plain; charset="ISO-8859-1"', Buffer.of(0x63, 0x61, 0x66, 0xe9), 'café'],
])('a link to a transcript in another charset gives its text (%s)', async (type, bytes, text) => {
	const call_id = await endedCall();
	sandbox.behaveMedia(call_id, { kind: 'file', type, base64: bytes.toString('base64') });
	const run = await lookUp(call_id, { includeTranscript: true });
	expect(run.success[0]?.json.transcript_text).toBe(text);
});

it.each(['text/plain', 'text/plain; charset=x-unknown'])(
	'a link to a transcript that is no text that anybody named leads to none (%s)',
	async (type) => {
		const call_id = await endedCall();
		const base64 = Buffer.of(0x63, 0xe9).toString('base64');
		sandbox.behaveMedia(call_id, { kind: 'file', type, base64 });
		const run = await lookUp(call_id, { includeTranscript: true });
		expect(run.errors[0]?.json.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			message: expect.stringContaining('The HTTP Request node can get it from transcript_url'),
			call: { call_id },
		});
	},
);

it('a link gives a transcript as it is, if it is not endless', async () => {
	const call_id = await endedCall();
	const told = async (body: string) => {
		sandbox.behaveMedia(call_id, { kind: 'answer', status: 200, body });
		return await lookUp(call_id, { includeTranscript: true });
	};
	const json = '[{"speaker":"asst_demo","text":"नमस्ते"}]';
	expect((await told(json)).success[0]?.json.transcript_text).toBe(json);

	const endless = await told('a'.repeat(10_000_001));
	expect(endless.errors[0]?.json.error).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: 'The transcript could not be downloaded. It is longer than 10 MB',
		status: 200,
		attempts: 2,
	});
});
