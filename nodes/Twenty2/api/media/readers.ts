import { bytesOf, type BodyStream } from '../bodyStream';
import { decoded } from './charset';
import { downloadFailure, tooLong, type Source } from './download';

/** Types of audio by file extension. Of several types for an extension, the first is the usual one. */
const audio = [
	['wav', 'audio/wav'],
	['wav', 'audio/x-wav'],
	['wav', 'audio/wave'],
	['wav', 'audio/vnd.wave'],
	['mp3', 'audio/mpeg'],
	['mp3', 'audio/mp3'],
	['ogg', 'audio/ogg'],
	['opus', 'audio/ogg'],
	['m4a', 'audio/mp4'],
	['m4a', 'audio/x-m4a'],
	['mp4', 'audio/mp4'],
	['webm', 'audio/webm'],
	['flac', 'audio/flac'],
	['flac', 'audio/x-flac'],
	['aac', 'audio/aac'],
	['amr', 'audio/amr'],
	['gsm', 'audio/gsm'],
	['gsm', 'audio/x-gsm'],
	['3gp', 'audio/3gpp'],
] as const;

/** The types that say nothing about a file. */
const unknown = ['', 'application/octet-stream', 'binary/octet-stream'];

/** The types of a page: one to sign in, or one that says that the file is gone. */
const page = /^text\/|^application\/(?:.+\+)?(?:xml|json)$/;

/**
 * The file name and the MIME type of a recording. An address often ends in the name of the program that
 * answers there. So its end counts as a name only where it tells more than the MIME type does.
 * @throws Failure when it is no recording: many hosts answer 200 with a page when a link has expired
 */
export function recordingFile({ address, headers }: Source, callId: string) {
	const said = mediaTypeIn(headers);
	if (page.test(said)) throw notThatFile(said, 'audio');
	const given = nameIn(headers['content-disposition']);
	const last = lastSegment(address);
	const byName = typeOf(given) ?? typeOf(last);
	const mimeType = unknown.includes(said) ? (byName ?? 'application/octet-stream') : said;
	const byType = audio.find(([, type]) => type === mimeType)?.[0];

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

/** A transcript of several days. A longer text is no transcript, and would not fit into an item. */
export const MAX_TRANSCRIPT_BYTES = 10_000_000;

/** A transcript may be plain text, subtitles, JSON or XML, but no page. */
const html = /^(?:text\/html|application\/xhtml\+xml)$/;

const startOfHtml = /^<(?:!doctype html|html|head|body|title|script)\b/i;

/**
 * Reads a transcript of any format as text.
 * @throws Failure when it is not text, or a page: many hosts answer 200 with one when a link has expired
 */
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

/** @param charset as its server calls it, if it does */
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
