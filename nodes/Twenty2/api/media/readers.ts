import { downloadFailure, type Source } from './download';
import type { FileStream } from './files';

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
	const said = (headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase();
	if (page.test(said)) {
		throw downloadFailure(
			`Its link answered with ${said} instead of audio, as an expired one does`,
			200,
		);
	}
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
	const name = encoded ? decoded(encoded) : (quoted?.replace(/\\(.)/g, '$1') ?? bare);
	return name && baseOf(name);
}

const lastSegment = ({ pathname }: URL) => baseOf(decoded(pathname));

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

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** A transcript of several days. A longer text is no transcript, and would not fit into an item. */
const MAX_TRANSCRIPT_BYTES = 10_000_000;

/** Reads a transcript of any format as text. @throws Failure when it is too long */
export async function transcriptText(file: FileStream): Promise<string> {
	const decoder = new TextDecoder();
	let bytes = 0;
	let text = '';
	for await (const next of file) {
		const chunk: Buffer = next;
		bytes += chunk.length;
		if (bytes > MAX_TRANSCRIPT_BYTES) throw downloadFailure('It is longer than 10 MB', 200);
		text += decoder.decode(chunk, { stream: true });
	}
	return text + decoder.decode();
}
