import { shortRecording } from './recording';

/** What recordings and links are like. Read whenever a link is created or followed. */
export interface MediaOptions {
	/** Size of every recording, in bytes. */
	recordingBytes: number;
	/** How long links work, in ms. */
	linkLifetimeMs: number;
	/** From the end of a call until it has its links, in ms. With Infinity it never has. */
	linkDelayMs: number;
}

export const defaultMedia: MediaOptions = {
	recordingBytes: shortRecording,
	linkLifetimeMs: 60 * 60 * 1000,
	linkDelayMs: 0,
};
