import type { Accounts } from './accounts';
import type { CallsPath } from './apiKey';
import type { Behaviour, ReadBehaviour } from './behaviours';
import type { Pace } from './calls';
import type { Counting, Limits } from './limits';
import type { MediaBehaviour } from './mediaBehaviours';
import type { MediaOptions } from './mediaOptions';
import type { Seen, SeenRequest } from './seen';
import type { WebhookEvent } from './webhooks';

export interface SandboxOptions
	extends Partial<Limits>,
		Partial<Pace>,
		Partial<MediaOptions>,
		Partial<Accounts> {
	/** The port on 127.0.0.1. Default: any free port. */
	port?: number;
	/** Where the API key generation has its calls. Default: `/v1/calls`. The other path is not there. */
	callsPath?: CallsPath;
	/** How requests are counted. Default: a sliding window. */
	counting?: Counting;
	/** Returns the network latency of the next request, in ms. The request is counted after it. */
	networkDelay?: () => number;
	/** The current time, in ms since 1970. A test with its own clock does not have to wait. */
	clock?: () => number;
	/** Called after every request to the API, when it was answered or its connection closed. */
	onRequest?: (request: SeenRequest) => void;
}

/** A running local Twenty2. */
export interface Sandbox {
	/** The base URL for both generations, without a slash at the end. */
	readonly url: string;
	readonly port: number;
	/** Changes take effect at once. */
	readonly limits: Limits;
	/** Changes apply to calls placed afterwards. */
	readonly pace: Pace;
	/** Changes take effect at once. */
	readonly media: MediaOptions;
	/** The requests and calls so far. */
	readonly seen: Seen;
	/**
	 * Sets the behaviour of creates to an E.164 number, on both generations.
	 * @throws TypeError when the number is not E.164
	 */
	behave(number: string, behaviour: Behaviour): void;
	/** Sets the behaviour of reads of a call. `'*'` means all reads, including the call logs. */
	behaveReads(callId: string, behaviour: ReadBehaviour): void;
	/** Sets the behaviour of the links of a call. `'*'` means all links. */
	behaveMedia(callId: string, behaviour: MediaBehaviour): void;
	/**
	 * The webhook event that Twenty2 sends when this call has ended, for `deliver`.
	 * @throws TypeError when there is no such call, or it has not ended
	 */
	eventOf(callId: string): WebhookEvent;
	/** Deletes requests, calls and behaviours. Keeps limits, pace and media options. */
	reset(): void;
	/** Stops listening and closes every connection, including those without an answer. */
	close(): Promise<void>;
}
