import type { IBinaryData } from 'n8n-workflow';
import pRetry from 'p-retry';
import * as z from 'zod/v4/mini';

import { adviceFor, Failure, failureOnly } from '../api/failure';
import { download, type Download } from '../api/media/download';
import { MAX_TRANSCRIPT_BYTES, recordingFile, transcriptText } from '../api/media/readers';
import { endedBefore, hasEnded, wasAnswered } from '../api/responses';
import type { Media } from '../api/media/files';
import type { Connection } from '../connection/connect';
import { deservesBackoff, verdictOn } from '../connection/retryRule';
import type { JsonObject } from '../json';
import { derivedSignal, sleep } from '../policy/abortable';
import { LONGEST_BACKOFF_MS, read } from '../policy/retry';
import type { MediaWanted } from './fields/media';
import type { RequestOptions } from './fields/options';
import type { FileKind, MissingLinks } from './missingLinks';
import type { Output, Rest } from './operation';

/** When to look again after the end of a call, because its files may be ready only a while later. */
const LAST_LOOK_MS = 60_000;
const LOOKS_MS = [5_000, 15_000, 35_000, LAST_LOOK_MS];

/** A call that ended longer ago gets no more files. */
const OLD_MS = 2 * 60_000;

/** A call whose files are wanted. */
export interface FilesOf extends Pick<Connection, 'twenty2' | 'access' | 'media'> {
	/** Twenty2's answer to the last read of the call. */
	body: JsonObject;
	/** Makes the item of an answer. */
	outputOf: (body: JsonObject) => JsonObject;
	wanted: MediaWanted;
	/** The call ended a moment ago, whatever its status and `ended_at` are. */
	justEnded: boolean;
	missingLinks: MissingLinks;
	requestOptions: RequestOptions;
	signal: AbortSignal;
	/** How many requests were already sent for the item. */
	attempts: number;
}

/** One wanted file. A Failure says why its link does not deliver it yet. */
interface WantedFile extends Pick<Download<void>, 'maxBytes' | 'read'> {
	kind: FileKind;
	state: 'not linked' | 'there' | Failure;
}

const link = z.catch(z.optional(z.string().check(z.minLength(1))), undefined);
const links = z.object({ call_id: z.string(), recording_url: link, transcript_url: link });

/**
 * Adds the recording and the transcript of a call to its item, where they are wanted and the call has them.
 * @returns the item or, where a file is not ready yet, what waits for it up to a minute
 * @throws Failure `DOWNLOAD_FAILED` that carries the call, or the signal's reason
 */
export async function withFiles(call: FilesOf): Promise<Output[] | Rest> {
	const files = new CallFiles(call);
	await files.fetch();
	return files.isDone ? files.output() : async () => await files.wait();
}

class CallFiles {
	private readonly from = performance.now();
	private readonly files: WantedFile[];
	private recording: IBinaryData | undefined;
	private transcript: string | undefined;
	private body: JsonObject;
	private attempts: number;

	constructor(private readonly call: FilesOf) {
		const { wanted, media, body, attempts } = call;
		this.body = body;
		this.attempts = attempts;
		const recording: WantedFile = {
			kind: 'recording',
			state: 'not linked',
			maxBytes: wanted.maxRecordingBytes,
			read: async (audio, source) => {
				const { fileName, mimeType } = recordingFile(source, this.links.call_id);
				this.recording = await media.keep(audio, fileName, mimeType);
			},
		};
		const transcript: WantedFile = {
			kind: 'transcript',
			state: 'not linked',
			maxBytes: MAX_TRANSCRIPT_BYTES,
			read: async (text, source) => {
				this.transcript = await transcriptText(text, source);
			},
		};
		this.files = [recording, transcript].filter(({ kind }) => wanted[kind]);
	}

	/** Whether nothing more is to be waited for. */
	get isDone(): boolean {
		return !this.files.some((file) => this.mayCome(file));
	}

	/** Downloads what is linked and not there yet. @throws Failure, or the signal's reason */
	async fetch(): Promise<void> {
		for (const file of this.files) {
			const address = this.links[`${file.kind}_url`];
			if (file.state === 'there' || address === undefined) continue;
			file.state = await this.download(file, address);
		}
	}

	/** Looks again until all is there or the time is up. @throws Failure, or the signal's reason */
	async wait(): Promise<Output[]> {
		const { missingLinks, signal } = this.call;
		try {
			for (const after of LOOKS_MS) {
				const ms = this.from + after - performance.now();
				if (ms > 0) await sleep(ms, signal);
				// Meanwhile another call may have waited in vain for such a link.
				if (this.isDone) break;
				const isLast = after === LAST_LOOK_MS;
				if (this.unlinked > 0 && (isLast || missingLinks.mayLook(this, after))) {
					const before = this.unlinked;
					await this.look();
					if (this.unlinked < before) missingLinks.cameLate(after);
				}
				await this.fetch();
				if (this.isDone) break;
			}
		} finally {
			missingLinks.leave(this);
		}
		return this.output();
	}

	/** @returns the item @throws Failure when a link did not deliver its file */
	output(): Output[] {
		const { outputOf, missingLinks } = this.call;
		for (const { kind, state } of this.files) {
			if (state === 'not linked') {
				if (this.hasFiles) missingLinks.missed(kind, this.left <= 0);
			} else if (isEmptyTranscript(kind, state)) {
				this.transcript = '';
			} else if (state !== 'there') {
				throw this.failed(kind, state);
			}
		}
		const { recording, transcript: transcript_text } = this;
		const json = outputOf(this.body);
		return [
			{
				json: transcript_text === undefined ? json : { ...json, transcript_text },
				...(recording && { binary: { recording } }),
			},
		];
	}

	private mayCome({ kind, state }: WantedFile): boolean {
		if (state === 'there') return false;
		if (state === 'not linked') return this.isYoung && this.call.missingLinks.isAwaited(kind);
		return this.isYoung || !isEmptyTranscript(kind, state);
	}

	/** Whether the call is over and was answered, so that it should have files. */
	private get hasFiles(): boolean {
		const call = this.call.twenty2.unify(this.body);
		return wasAnswered(call) && (this.call.justEnded || hasEnded(call));
	}

	/** Whether files of the call may still come. */
	private get isYoung(): boolean {
		const { twenty2, justEnded } = this.call;
		const isOld = endedBefore(twenty2.unify(this.body), Date.now() - OLD_MS);
		return this.hasFiles && (justEnded || !isOld);
	}

	/** How many files may still get their link. */
	private get unlinked(): number {
		const { links } = this;
		const waiting = this.files.filter((file) => this.mayCome(file));
		return waiting.filter(({ kind }) => links[`${kind}_url`] === undefined).length;
	}

	/** The time until the last look, in milliseconds. */
	private get left(): number {
		return this.from + LAST_LOOK_MS - performance.now();
	}

	private get links() {
		return links.parse(this.call.twenty2.unify(this.body));
	}

	/** Looks whether the call has its links by now. A look that fails tells nothing. */
	private async look(): Promise<void> {
		const { twenty2, access, requestOptions, signal } = this.call;
		const { call_id } = this.links;
		const reading = {
			what: `Looking for the files of ${call_id}`,
			send: async () => {
				this.attempts++;
				return await twenty2.getCall(call_id, requestOptions);
			},
			verdictOn,
		};
		const patience = { maxRetries: 0, giveUpAfterMs: Math.max(0, this.left) };
		try {
			this.body = await read(access, 'poll', reading, patience, signal);
		} catch (error) {
			signal.throwIfAborted();
			failureOnly(error);
		}
	}

	/**
	 * Downloads one file. The limits of Twenty2's API do not hold for that.
	 * @returns a Failure where the file may come later @throws any other Failure, or the signal's reason
	 */
	private async download(
		{ kind, maxBytes, read }: WantedFile,
		address: string,
	): Promise<'there' | Failure> {
		const { media, requestOptions, signal } = this.call;
		const { timeoutMs, maxRetries } = requestOptions;
		const counted: Media = {
			...media,
			open: async (...asked) => {
				this.attempts++;
				return await media.open(...asked);
			},
		};
		const wanted = { link: address, timeoutMs, maxBytes, signal, read };
		return await pRetry(async () => await download(counted, wanted), {
			retries: maxRetries,
			maxTimeout: LONGEST_BACKOFF_MS,
			randomize: true,
			signal: derivedSignal(signal),
			shouldRetry: ({ error }) => deservesBackoff(verdictOn(error)),
		}).then(
			() => {
				signal.throwIfAborted();
				return 'there';
			},
			(error: unknown) => {
				signal.throwIfAborted();
				const failure = failureOnly(error);
				if (notReady.includes(failure.fields.code)) return failure;
				throw this.failed(kind, failure);
			},
		);
	}

	private failed(kind: FileKind, failure: Failure): Failure {
		return failure.with({
			code: 'DOWNLOAD_FAILED',
			message: `The ${kind} could not be downloaded. ${failure.fields.message}`,
			description: adviceFor('DOWNLOAD_FAILED'),
			attempts: this.attempts,
			call_id: this.links.call_id,
			call: this.call.outputOf(this.body),
		});
	}
}

/** The codes of a download that may be ready later. */
const notReady = ['NOT_READY', 'EMPTY'];

/** A transcript that stays empty says that nobody spoke. */
const isEmptyTranscript = (kind: FileKind, state: Failure | 'there') =>
	kind === 'transcript' && state !== 'there' && state.fields.code === 'EMPTY';
