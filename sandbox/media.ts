import { type Call, stateOf } from './calls';
import type { World } from './desk';
import type { Incoming } from './generation';
import { type File, sent } from './mediaBehaviours';
import { recording, shortRecording } from './recording';
import type { Reply } from './reply';

/** A link that needs no key and works for a while, as both generations hand them out. */
export interface Link {
	url: string;
	expires_at: string;
}

/** Read when a link is handed out or followed. */
export interface MediaOptions {
	/** Size of every recording. */
	recordingBytes: number;
	/** How long links work. */
	linkLifetimeMs: number;
}

export const defaultMedia: MediaOptions = {
	recordingBytes: shortRecording,
	linkLifetimeMs: 60 * 60 * 1000,
};

type Lifetime = Pick<MediaOptions, 'linkLifetimeMs'>;

export const recordingLink = (base: string, call: Call, now: number, lifetime?: Lifetime) =>
	link(`${base}/sandbox/recordings/${call.call_id}.wav`, now, lifetime);

export const transcriptLink = (base: string, call: Call, now: number, lifetime?: Lifetime) =>
	link(`${base}/sandbox/transcripts/${call.call_id}.txt`, now, lifetime);

/** What a link leads to; undefined when it is none of ours. */
export function follow(
	{ method, path, query, headers }: Incoming,
	{ calls, clock, media, links, seen }: World,
): Reply | undefined {
	const now = clock();
	const [, folder, callId] =
		/^\/sandbox\/(recordings|transcripts)\/(\w+)\.(?:wav|txt)$/.exec(path) ?? [];
	const call = calls.all.find(({ call_id }) => call_id === callId);
	if (method !== 'GET' || !call || stateOf(call, now).status !== 'completed') return undefined;
	seen.media.push({ path, at: now, headers });
	if (now >= Number(query.get('expires'))) return { status: 403, body: 'The link has expired' };
	const file = folder === 'recordings' ? wav(media.recordingBytes) : text(transcript(call));
	return sent(file, links.next(links.has(call.call_id) ? call.call_id : '*'));
}

function link(url: string, now: number, { linkLifetimeMs }: Lifetime = defaultMedia): Link {
	const expires = Math.floor(now + linkLifetimeMs);
	return { url: `${url}?expires=${expires}`, expires_at: new Date(expires).toISOString() };
}

const wav = (bytes: number): File => ({ bytes, type: 'audio/wav', parts: recording(bytes) });

function text(content: string): File {
	const bytes = Buffer.from(content);
	return { bytes: bytes.length, type: 'text/plain', parts: [bytes] };
}

function transcript(call: Call): string {
	return `${call.assistant}: Hello, can you hear me?\n${call.number}: Yes, I can.\n`;
}
