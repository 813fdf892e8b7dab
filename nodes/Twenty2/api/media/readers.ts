import type { Source } from './download';
import { undelivered } from './undelivered';

/** Kinds of audio by file extension. Of several names for one, the first is the usual one. */
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

/** What hosts of files call that of which they know no kind. */
const unknown = ['', 'application/octet-stream', 'binary/octet-stream'];

/** A page to sign in, or one that says in words or in data that there is nothing any more. */
const page = /^text\/|^application\/(?:.+\+)?(?:xml|json)$/;

/**
 * Under what name and as what kind of file a recording is kept. An address often ends in the name of
 * the program that answers there, so its end is a name only where it says what the kind does not.
 * @throws Failure when it is no recording: many hosts answer 200 with a page when a link has expired
 */
export function recordingFile({ address, headers }: Source, callId: string) {
	const said = (headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase();
	if (page.test(said)) {
		throw undelivered(
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

/** Digits alone are part of a number or a date. */
const extensionOf = (name = '') =>
	/[^.]\.(?=\d*[a-z])([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase();

function typeOf(name: string | undefined): string | undefined {
	const ending = extensionOf(name);
	return audio.find(([extension]) => extension === ending)?.[1];
}

/** A name and never a path, whatever the server calls it. */
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
