import { stateOf, type Call } from './calls';
import type { Context } from './context';
import { mediaReply, type File } from './mediaBehaviours';
import { recording } from './recording';
import type { Reply } from './reply';
import type { IncomingRequest } from './request';

/** Serves the file behind a link. Undefined when the request is for no recording or transcript. */
export function serveMedia(
	{ method, path, query, headers }: IncomingRequest,
	{ calls, clock, media, links, seen }: Context,
): Reply | undefined {
	const now = clock();
	const [, folder, callId] =
		/^\/sandbox\/(recordings|transcripts)\/(\w+)\.(?:wav|txt)$/.exec(path) ?? [];
	const call = calls.all.find(({ call_id }) => call_id === callId);
	if (method !== 'GET' || !call || !stateOf(call, now).completed) return undefined;
	seen.media.push({ path, at: now, headers });
	if (now >= Number(query.get('expires'))) return { status: 403, body: 'The link has expired' };
	const file = folder === 'recordings' ? wav(media.recordingBytes) : text(transcript(call));
	return mediaReply(file, links.next(links.has(call.call_id) ? call.call_id : '*'));
}

const wav = (bytes: number): File => ({ bytes, type: 'audio/wav', chunks: recording(bytes) });

function text(content: string): File {
	const bytes = Buffer.from(content);
	return { bytes: bytes.length, type: 'text/plain', chunks: [bytes] };
}

function transcript(call: Call): string {
	return `${call.assistant}: Hello, can you hear me?\n${call.number}: Yes, I can.\n`;
}
