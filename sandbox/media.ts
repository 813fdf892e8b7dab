import { type Call, type Calls, stateOf } from './calls';
import type { Answer } from './reply';

/** A link that needs no key and works for a while, as both generations hand them out. */
export interface Link {
	url: string;
	expires_at: string;
}

const LINK_LIFETIME_MS = 60 * 60 * 1000;

export const recordingLink = (base: string, call: Call, now: number) =>
	link(`${base}/sandbox/recordings/${call.call_id}.wav`, now);

export const transcriptLink = (base: string, call: Call, now: number) =>
	link(`${base}/sandbox/transcripts/${call.call_id}.txt`, now);

/** What a link leads to; undefined when the path is none of ours. */
export function follow(
	path: string,
	query: URLSearchParams,
	calls: Calls,
	now: number,
): Answer | undefined {
	const [, folder, callId] =
		/^\/sandbox\/(recordings|transcripts)\/(\w+)\.(?:wav|txt)$/.exec(path) ?? [];
	const call = calls.all.find(({ call_id }) => call_id === callId);
	if (call === undefined || stateOf(call, now).status !== 'completed') return undefined;
	if (now >= Number(query.get('expires'))) return { status: 403, body: 'The link has expired' };
	return folder === 'recordings'
		? { status: 200, headers: { 'content-type': 'audio/wav' }, body: oneSecondOfSilence() }
		: { status: 200, headers: { 'content-type': 'text/plain' }, body: transcript(call) };
}

function link(url: string, now: number): Link {
	const expires = Math.floor(now + LINK_LIFETIME_MS);
	return { url: `${url}?expires=${expires}`, expires_at: new Date(expires).toISOString() };
}

function transcript(call: Call): string {
	return `${call.assistant}: Hello, can you hear me?\n${call.number}: Yes, I can.\n`;
}

function oneSecondOfSilence(): Buffer {
	const rate = 8000;
	const header = Buffer.alloc(44);
	header.write('RIFF', 0);
	header.writeUInt32LE(36 + rate, 4);
	header.write('WAVEfmt ', 8);
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(1, 20); // PCM
	header.writeUInt16LE(1, 22); // mono
	header.writeUInt32LE(rate, 24);
	header.writeUInt32LE(rate, 28);
	header.writeUInt16LE(1, 32);
	header.writeUInt16LE(8, 34); // unsigned bytes, so silence is 0x80
	header.write('data', 36);
	header.writeUInt32LE(rate, 40);
	return Buffer.concat([header, Buffer.alloc(rate, 0x80)]);
}
