/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import type { Source } from '../../../../nodes/Twenty2/api/media/download';
import { recordingFile, transcriptText } from '../../../../nodes/Twenty2/api/media/readers';
import { failureFrom } from '../failureFrom';

const sourceOf = (path: string, headers: Source['headers'] = {}): Source => ({
	address: new URL(path, 'https://media.example'),
	headers,
});

const wav = 'audio/wav';

it.each<[string, string, Record<string, string>, string, string]>([
	[
		'its own name',
		'/media/a%20b.mp3?x=1',
		{ 'content-type': 'audio/mpeg' },
		'a b.mp3',
		'audio/mpeg',
	],
	['the call’s', '/media/8f14e45f', { 'content-type': 'audio/x-wav' }, 'call_1.wav', 'audio/x-wav'],
	['the call’s alone', '/media/8f14e45f', {}, 'call_1', 'application/octet-stream'],
	['a kind by its name', '/media/a.OGG', {}, 'a.OGG', 'audio/ogg'],
	[
		'a kind in spite of one that says nothing',
		'/a.wav',
		{ 'content-type': 'binary/octet-stream' },
		'a.wav',
		wav,
	],
	[
		'a kind without its parameters',
		'/a.wav',
		{ 'content-type': 'Audio/WAV; rate=8000' },
		'a.wav',
		wav,
	],
	[
		'a given name',
		'/8f14e45f',
		{ 'content-disposition': 'attachment; filename="Asha \\"1\\".mp3"' },
		'Asha "1".mp3',
		'audio/mpeg',
	],
	[
		'a given name, bare',
		'/8f14e45f',
		{ 'content-disposition': 'inline; filename=asha.m4a; size=9' },
		'asha.m4a',
		'audio/mp4',
	],
	[
		'a given name in another script',
		'/x.bin',
		{
			'content-disposition':
				"attachment; filename=x.wav; filename*=UTF-8''%E0%A4%86%E0%A4%B6%E0%A4%BE.wav",
		},
		'आशा.wav',
		wav,
	],
	[
		'the call’s, for a program’s is no name',
		'/get.aspx?id=1',
		{ 'content-type': 'audio/mpeg' },
		'call_1.mp3',
		'audio/mpeg',
	],
	['the call’s, for a version is no name', '/v1.2', {}, 'call_1', 'application/octet-stream'],
	['its own name where no kind is known', '/call.vox', {}, 'call.vox', 'application/octet-stream'],
	[
		'its own name where no ending is known',
		'/call.au',
		{ 'content-type': 'audio/basic' },
		'call.au',
		'audio/basic',
	],
	[
		'a given name with the ending that it lacks',
		'/download.php',
		{ 'content-type': 'audio/mpeg', 'content-disposition': 'attachment; filename="recording"' },
		'recording.mp3',
		'audio/mpeg',
	],
	[
		'a given name with an ending behind its number',
		'/download.php',
		{ 'content-type': wav, 'content-disposition': 'attachment; filename="Asha 22.05"' },
		'Asha 22.05.wav',
		wav,
	],
	[
		'a given name with the ending that it has',
		'/download.php',
		{ 'content-type': wav, 'content-disposition': 'attachment; filename="recording.bin"' },
		'recording.bin',
		wav,
	],
	[
		'a given name, a kind by its address',
		'/a.mp3',
		{ 'content-disposition': 'attachment; filename="recording"' },
		'recording.mp3',
		'audio/mpeg',
	],
	['a kind of telephones', '/a', { 'content-type': 'audio/amr' }, 'call_1.amr', 'audio/amr'],
	['a kind of telephones', '/a', { 'content-type': 'audio/gsm' }, 'call_1.gsm', 'audio/gsm'],
	['a kind of telephones', '/a', { 'content-type': 'audio/3gpp' }, 'call_1.3gp', 'audio/3gpp'],
	['a kind of telephones', '/a.3GP', {}, 'a.3GP', 'audio/3gpp'],
	[
		'no path',
		'/x.wav',
		{ 'content-disposition': 'attachment; filename="..\\\\..\\\\/etc/asha.wav"' },
		'asha.wav',
		wav,
	],
	[
		'no name that is none',
		'/x.wav',
		{ 'content-disposition': 'attachment; filename=".."' },
		'x.wav',
		wav,
	],
	['the call’s, for an address may lie', '/a.php', { 'content-type': wav }, 'call_1.wav', wav],
])('recordingFile gives a recording %s', (_, path, headers, fileName, mimeType) => {
	expect(recordingFile(sourceOf(path, headers), 'call_1')).toEqual({ fileName, mimeType });
});

it.each([
	['audio/wav', 'wav'],
	['audio/x-wav', 'wav'],
	['audio/wave', 'wav'],
	['audio/vnd.wave', 'wav'],
	['audio/mpeg', 'mp3'],
	['audio/mp3', 'mp3'],
	['audio/ogg', 'ogg'],
	['audio/mp4', 'm4a'],
	['audio/x-m4a', 'm4a'],
	['audio/webm', 'webm'],
	['audio/flac', 'flac'],
	['audio/x-flac', 'flac'],
	['audio/aac', 'aac'],
	['audio/amr', 'amr'],
	['audio/gsm', 'gsm'],
	['audio/x-gsm', 'gsm'],
	['audio/3gpp', '3gp'],
])('recordingFile names a file of the type %s with .%s', (type, ending) => {
	expect(recordingFile(sourceOf('/8f14e45f', { 'content-type': type }), 'call_1')).toEqual({
		fileName: `call_1.${ending}`,
		mimeType: type,
	});
});

it.each([
	['a.wav', 'audio/wav'],
	['a.mp3', 'audio/mpeg'],
	['a.ogg', 'audio/ogg'],
	['a.opus', 'audio/ogg'],
	['a.m4a', 'audio/mp4'],
	['a.mp4', 'audio/mp4'],
	['a.webm', 'audio/webm'],
	['a.flac', 'audio/flac'],
	['a.aac', 'audio/aac'],
	['a.amr', 'audio/amr'],
	['a.gsm', 'audio/gsm'],
	['a.3gp', 'audio/3gpp'],
])(
	'recordingFile tells the type of %s by its name where the server says none',
	(name, mimeType) => {
		for (const type of ['', 'application/octet-stream', 'binary/octet-stream']) {
			const source = sourceOf(`/${name}`, { 'content-type': type });
			expect(recordingFile(source, 'call_1')).toEqual({ fileName: name, mimeType });
		}
	},
);

it('recordingFile reads the type without the space around it', () => {
	const source = sourceOf('/a', { 'content-type': ' audio/wav ; rate=8000' });
	expect(recordingFile(source, 'call_1').mimeType).toBe(wav);
});

it.each([
	'text/html',
	'text/plain; charset=utf-8',
	'TEXT/HTML',
	'application/json',
	'application/xml',
	'application/xhtml+xml',
	'application/problem+json',
])('recordingFile takes no page for a recording (%s)', (type) => {
	const read = () => recordingFile(sourceOf('/a.wav', { 'content-type': type }), 'call_1');
	const said = type.toLowerCase().split(';')[0];
	expect(failureFrom(read).fields).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: `Its link answered with ${said} instead of audio, as an expired one does`,
		status: 200,
	});
});

it.each(['audio/text', 'video/mp4', 'application/jsonp', 'x/application/json'])(
	'recordingFile takes %s for no page',
	(type) => {
		const source = sourceOf('/call.bin', { 'content-type': type });
		expect(recordingFile(source, 'call_1').mimeType).toBe(type);
	},
);

const named = (header: string, path = '/8f14e45f') =>
	recordingFile(sourceOf(path, { 'content-disposition': header }), 'call_1').fileName;

it.each([
	['attachment; FileName = "a.wav"', 'a.wav'],
	['attachment; filename = a.wav ', 'a.wav'],
	["attachment; FILENAME* = UTF-8'en'a%20b.wav; size=1", 'a b.wav'],
	["attachment; filename*=utf-8''%FF.wav", '%FF.wav'],
	['attachment; filename="a\\b.wav"', 'ab.wav'],
	['attachment; filename="a\\\\b.wav"', 'b.wav'],
	['attachment; filename="/etc/passwd"', 'passwd'],
	['attachment; filename="a\u0007b.wav"', 'ab.wav'],
	['attachment; filename="a/\n/b.wav"', 'b.wav'],
	['attachment; filename="  a.wav "', 'a.wav'],
	['attachment; filename=""', 'call_1'],
	['attachment; filename="folder/"', 'call_1'],
	['attachment; filename="..."', 'call_1'],
	['attachment', 'call_1'],
])('recordingFile reads the name in %j', (header, name) => {
	expect(named(header)).toBe(name);
});

it('recordingFile takes no name that begins with its dot for an ending', () => {
	expect(recordingFile(sourceOf('/.wav'), 'call_1')).toEqual({
		fileName: 'call_1',
		mimeType: 'application/octet-stream',
	});
});

it.each(['/a.toolong', '/a.1', '/a.m-4', '/a.b/'])(
	'recordingFile takes the end of %s for no ending',
	(path) => {
		expect(recordingFile(sourceOf(path), 'call_1').fileName).toBe('call_1');
	},
);

describe('transcriptText', () => {
	const read = async (text: string | Buffer, type?: string) =>
		await transcriptText(
			Readable.from([Buffer.from(text)]),
			sourceOf('/t', { 'content-type': type }),
		);

	it.each([
		['text/plain; charset=utf-16le', Buffer.from('\uFEFFनमस्ते', 'utf16le'), 'नमस्ते'],
		['text/plain', Buffer.from('\uFEFFनमस्ते', 'utf16le'), 'नमस्ते'],
		['text/plain; charset=windows-1252', Buffer.of(0x93, 0xe9, 0x94), '“é”'],
		['text/plain;charset="ISO-8859-1"', Buffer.of(0x63, 0xe9), 'cé'],
		["text/plain; format=flowed; Charset = 'iso-8859-1' ; x=y", Buffer.of(0x63, 0xe9), 'cé'],
		['text/plain; charset=', Buffer.from('é'), 'é'],
		['text/plain; charset=x-unknown', Buffer.from('é'), 'é'],
	])('transcriptText reads a transcript by its charset (%s)', async (type, bytes, text) => {
		expect(await read(bytes, type)).toBe(text);
	});

	it.each([
		['text/plain', 'UTF-8'],
		[undefined, 'UTF-8'],
		['text/plain; charset=x-unknown', 'its charset x-unknown'],
	])(
		'transcriptText says of bytes that it cannot read how to get them (%s)',
		async (type, encoding) => {
			await expect(read(Buffer.of(0x63, 0xe9), type)).rejects.toMatchObject({
				fields: {
					code: 'DOWNLOAD_FAILED',
					message: `It is not text in ${encoding}. The HTTP Request node can get it from transcript_url as a file`,
					status: 200,
				},
			});
		},
	);

	it('transcriptText takes no page for a transcript because it is in UTF-16', async () => {
		const page = Buffer.from('\uFEFF<html>', 'utf16le');
		await expect(read(page, 'text/plain')).rejects.toThrow('with a page instead of a transcript');
	});

	it.each([
		['asst_demo: नमस्ते', 'text/plain'],
		['[{"text":"Hello"}]', 'application/json'],
		['<transcript><line/></transcript>', 'application/xml'],
		['WEBVTT', undefined],
		['', 'text/vtt'],
		['See <html> and <body>', 'text/plain'],
		['<headline>', 'text/xml'],
	])('transcriptText takes %j of the type %s', async (text, type) => {
		expect(await read(text, type)).toBe(text);
	});

	it.each(['text/html', 'Text/HTML; charset=utf-8', 'application/xhtml+xml'])(
		'transcriptText takes no page of the type %s',
		async (type) => {
			await expect(read('Hello', type)).rejects.toMatchObject({
				fields: {
					code: 'DOWNLOAD_FAILED',
					message: `Its link answered with ${type.toLowerCase().split(';')[0]} instead of a transcript, as an expired one does`,
				},
			});
		},
	);

	it.each([
		'<!DOCTYPE html><p>Gone</p>',
		'  \n<html lang="en">',
		'<HEAD>',
		'<body class="x">',
		'<title>Sign in</title>',
		'<script>',
	])('transcriptText takes no page that says that it is something else (%j)', async (text) => {
		await expect(read(text, 'text/plain')).rejects.toThrow(
			'Its link answered with a page instead of a transcript',
		);
	});

	it('transcriptText takes up to 10 MB', async () => {
		const most = 'a'.repeat(10_000_000);
		expect(await read(most)).toHaveLength(10_000_000);
		await expect(read(`${most}a`)).rejects.toThrow('It is longer than 10 MB');
	});
});
