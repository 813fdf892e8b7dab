import type { Call } from './calls';
import { defaultMedia, type MediaOptions } from './mediaOptions';

/** A link that needs no key and expires. Both generations return it in this form. */
export interface Link {
	url: string;
	expires_at: string;
}

type Lifetime = Pick<MediaOptions, 'linkLifetimeMs'>;

/** @param base the sandbox's address; @param now in ms since 1970 */
export const recordingLink = (base: string, call: Call, now: number, lifetime?: Lifetime) =>
	link(`${base}/sandbox/recordings/${call.call_id}.wav`, now, lifetime);

/** @param base the sandbox's address; @param now in ms since 1970 */
export const transcriptLink = (base: string, call: Call, now: number, lifetime?: Lifetime) =>
	link(`${base}/sandbox/transcripts/${call.call_id}.txt`, now, lifetime);

function link(url: string, now: number, { linkLifetimeMs }: Lifetime = defaultMedia): Link {
	const expires = Math.floor(now + linkLifetimeMs);
	return { url: `${url}?expires=${expires}`, expires_at: new Date(expires).toISOString() };
}
