import { bytesOf, type BodyStream } from '../bodyStream';
import { downloadFailure, tooLong, type Source } from './download';

/** File extensions with their types of audio, the usual type first. */
const audio: Array<[extension: string, ...types: string[]]> = [
	['wav', 'audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'],
	['mp3', 'audio/mpeg', 'audio/mp3'],
	['ogg', 'audio/ogg'],
	['opus', 'audio/ogg'],
	['m4a', 'audio/mp4', 'audio/x-m4a'],
	['mp4', 'audio/mp4'],
	['webm', 'audio/webm'],
	['flac', 'audio/flac', 'audio/x-flac'],
	['aac', 'audio/aac'],
	['amr', 'audio/amr'],
	['gsm', 'audio/gsm', 'audio/x-gsm'],
	['3gp', 'audio/3gpp'],
];

/** The types that say nothing about a file. */
const unknown = ['', 'application/octet-stream', 'binary/octet-stream'];

/** The types of a page: one to sign in, or one that says that the file is gone. */
const page = /^text\/|^application\/(?:.+\+)?(?:xml|json)$/;

/**
 * The file name and MIME type of a recording. An address often ends in the name of a program, so its end is
 * taken for a file name only where it tells more than the MIME type does.
 * @throws Failure for a page: many hosts answer 200 with one when a link has expired
 */
export function recordingFile({ address, headers }: Source, callId: string) {
	const said = mediaTypeIn(headers);
	if (page.test(said)) throw notThatFile(said, 'audio');
	const given = nameIn(headers['content-disposition']);
	const last = lastSegment(address);
	const byName = typeOf(given) ?? typeOf(last);
	const mimeType = unknown.includes(said) ? (byName ?? 'application/octet-stream') : said;
	const byType = audio.find(([, ...types]) => types.includes(mimeType))?.[0];

	const isOther = byType === undefined && extensionOf(last) !== undefined;
	const isName = isOther || typeOf(last) !== undefined;
	const name = given ?? (isName ? last : undefined);
	const ending = extensionOf(name) === undefined && byType !== undefined ? `.${byType}` : '';
	return { fileName: (name ?? callId) + ending, mimeType };
}

/** The name in a Content-Disposition header, in either of its forms (RFC 6266, 4.3). */
function nameIn(header = ''): string | undefined {
	const [, encoded] = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header) ?? [];
	const [, quoted, bare] = /filename\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]+))/i.exec(header) ?? [];
	const name = encoded ? unescaped(encoded) : (quoted?.replace(/\\(.)/g, '$1') ?? bare);
	return name === undefined ? undefined : baseOf(name);
}

const lastSegment = ({ pathname }: URL) => baseOf(unescaped(pathname));

/** An extension has a letter. Digits alone are part of a number or a date. */
const extensionOf = (name = '') =>
	/[^.]\.(?=\d*[a-z])([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase();

function typeOf(name: string | undefined): string | undefined {
	const ending = extensionOf(name);
	return audio.find(([extension]) => extension === ending)?.[1];
}

/** The name without a path, so that a server cannot choose a folder. */
function baseOf(name: string): string | undefined {
	const base = name
		.replace(/^.*[/\\]/s, '')
		.replace(/[\p{Cc}]/gu, '')
		.trim();
	return /[^.]/.test(base) ? base : undefined;
}

function unescaped(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** A transcript of several days. A longer text would not fit into an item. */
export const MAX_TRANSCRIPT_BYTES = 10_000_000;

/** A transcript may be plain text, subtitles, JSON or XML, but no page. */
const html = /^(?:text\/html|application\/xhtml\+xml)$/;

const startOfHtml = /^<(?:!doctype html|html|head|body|title|script)\b/i;

/** Reads a transcript of any format as text. @throws Failure when it is a page or not text */
export async function transcriptText(file: BodyStream, { headers }: Source): Promise<string> {
	const said = mediaTypeIn(headers);
	if (html.test(said)) throw notThatFile(said, 'a transcript');
	const bytes = await bytesOf(file, MAX_TRANSCRIPT_BYTES);
	if (bytes === undefined) throw tooLong(MAX_TRANSCRIPT_BYTES);
	const charset = charsetIn(headers);
	const text = decoded(bytes, charset);
	if (text === undefined) throw unreadable(charset);
	if (startOfHtml.test(text.slice(0, 1_000).trimStart()))
		throw notThatFile('a page', 'a transcript');
	return text;
}

function notThatFile(came: string, wanted: string) {
	const message = `Its link answered with ${came} instead of ${wanted}, as an expired one does`;
	return downloadFailure(message, 200);
}

function unreadable(charset?: string) {
	const encoding = charset === undefined ? 'UTF-8' : `its charset ${charset}`;
	const message = `It is not text in ${encoding}. The HTTP Request node can get it from transcript_url as a file`;
	return downloadFailure(message, 200);
}

/** The charset in a Content-Type header. */
function charsetIn(headers: Source['headers']): string | undefined {
	return /;\s*charset\s*=\s*["']?([^"';\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
}

/** The type in a Content-Type header, without its parameters. */
function mediaTypeIn(headers: Source['headers']): string {
	return (headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase();
}

/** Byte order marks. They count more than what a server says (WHATWG Encoding, 6). */
const marks = [
	{ encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
	{ encoding: 'utf-16le', bytes: [0xff, 0xfe] },
	{ encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];

/**
 * Decodes a text by its byte order mark, or else by its charset. An unknown charset and none are UTF-8.
 * @returns undefined when the bytes are no text of that encoding
 */
export function decoded(text: Uint8Array, charset?: string): string | undefined {
	const mark = marks.find(({ bytes }) => bytes.every((byte, i) => text[i] === byte));
	const decoder = decoderOf(mark?.encoding ?? charset);
	try {
		// Decoding in one go, Node 20 takes windows-1252 for ISO-8859-1.
		const characters = decoder.decode(text, { stream: true }) + decoder.decode();
		// No text has this character. UTF-16 and UTF-32 read as UTF-8 have it.
		return characters.includes('\0') ? undefined : characters;
	} catch {
		return undefined;
	}
}

/** A decoder throws where a text is not of its encoding. */
const strict = { fatal: true };

function decoderOf(charset = 'utf-8') {
	try {
		return new TextDecoder(charset, strict);
	} catch {
		return new TextDecoder('utf-8', strict);
	}
}
