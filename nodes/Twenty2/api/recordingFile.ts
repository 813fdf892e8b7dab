import type { Source } from './download';

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
] as const;

/** What hosts of files call that of which they know no kind. */
const unknown = ['', 'application/octet-stream', 'binary/octet-stream'];

/** Under what name and as what kind of file a recording is kept. */
export function recordingFile({ address, headers }: Source, callId: string) {
	const said = (headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase();
	const named = nameIn(headers['content-disposition']) ?? lastSegment(address);
	const ending = named && extensionOf(named);
	const byEnding = audio.find(([extension]) => extension === ending)?.[1];
	const mimeType = unknown.includes(said) ? (byEnding ?? 'application/octet-stream') : said;
	const byType = audio.find(([, type]) => type === mimeType)?.[0];
	return { fileName: named ?? [callId, byType].filter(Boolean).join('.'), mimeType };
}

/** The name in a Content-Disposition header, in either of its forms (RFC 6266, 4.3). */
function nameIn(header = ''): string | undefined {
	const [, encoded] = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header) ?? [];
	const [, quoted, bare] = /filename\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]+))/i.exec(header) ?? [];
	const name = encoded ? decoded(encoded) : (quoted?.replace(/\\(.)/g, '$1') ?? bare);
	return name && baseOf(name);
}

function lastSegment({ pathname }: URL): string | undefined {
	const name = baseOf(decoded(pathname));
	return name && extensionOf(name) ? name : undefined;
}

const extensionOf = (name: string) => /[^.]\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase();

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
