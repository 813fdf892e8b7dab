import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { adviceFor, failureOnly } from '../../api/failure';
import { download, type Download } from '../../api/media/download';
import type { Media } from '../../api/media/files';
import { MAX_TRANSCRIPT_BYTES, recordingFile, transcriptText } from '../../api/media/readers';
import type { Connection } from '../../connection/connect';
import { verdictOn } from '../../connection/retryRule';
import type { JsonObject } from '../../json';
import type { Lane } from '../../policy/budget';
import { send } from '../../policy/retry';
import type { Output } from '../operation';
import type { RequestOptions } from './options';
import type { FieldReader } from './parameters';
import { numberOf } from './schemas';

export const downloadRecording: INodeProperties = {
	displayName: 'Download Recording',
	name: 'downloadRecording',
	type: 'boolean',
	default: true,
	description:
		'Whether to put the audio of the call into the binary field recording, if there is any',
};

export const maxRecordingSize: INodeProperties = {
	displayName: 'Max Recording Size (MB)',
	name: 'maxRecordingMegabytes',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 200,
	description:
		'How large a recording may be. A larger one is not downloaded, and the item says DOWNLOAD_FAILED.',
};

export const includeTranscript: INodeProperties = {
	displayName: 'Include Transcript',
	name: 'includeTranscript',
	type: 'boolean',
	default: true,
	description: 'Whether to put what was said into the field transcript_text, if there is any',
};

const megabytes = numberOf('megabytes', 1);

/** Which files of a call to download. */
export interface MediaWanted {
	recording: boolean;
	transcript: boolean;
	maxRecordingBytes: number;
}

/** @throws Failure `INVALID_INPUT` naming the option */
export function mediaWanted(parameters: FieldReader): MediaWanted {
	return {
		recording: parameters.isSwitchedOn(downloadRecording),
		transcript: parameters.isSwitchedOn(includeTranscript),
		maxRecordingBytes: parameters.readOption(maxRecordingSize, megabytes) * 1_000_000,
	};
}

export interface MediaOptions {
	wanted: MediaWanted;
	requestOptions: RequestOptions;
	/** Ends a download at once. */
	signal: AbortSignal;
	/** How many requests were sent for the item before. */
	attempts: number;
}

const link = z.catch(z.optional(z.string().check(z.minLength(1))), undefined);

const links = z.object({ call_id: z.string(), recording_url: link, transcript_url: link });

/** Downloads do not go through Twenty2's API, so its limits do not hold for them. */
const unlimited: Lane = {
	async acquire({ signal }) {
		signal.throwIfAborted();
		return {
			settlePermit() {},
			settle() {},
			async renew() {
				throw new Error('A download has no limit to wait for');
			},
			release() {},
		};
	},
};

/**
 * Adds the recording and the transcript of a call where they are wanted and the call has them.
 * @param output the item of the call without them
 * @param body Twenty2's answer to a read of the call
 * @throws Failure `DOWNLOAD_FAILED` that carries the call, or the signal's reason
 */
export async function withMedia(
	output: Output,
	body: JsonObject,
	{ twenty2, media }: Pick<Connection, 'twenty2' | 'media'>,
	{ wanted, requestOptions, signal, attempts: before }: MediaOptions,
): Promise<Output> {
	const { call_id, recording_url, transcript_url } = links.parse(twenty2.unify(body));
	const { json } = output;
	let attempts = before;
	const counted: Media = {
		...media,
		async open(address, options) {
			attempts++;
			return await media.open(address, options);
		},
	};

	const get = async <T>(
		name: string,
		file: Pick<Download<T>, 'link' | 'mayBeEmpty' | 'maxBytes' | 'read'>,
	): Promise<T> => {
		const { timeoutMs } = requestOptions;
		const outgoing = {
			what: `Downloading the ${name} of ${call_id}`,
			send: async () => await download(counted, { ...file, timeoutMs, signal }),
			judge: verdictOn,
		};
		const got = await send(outgoing, requestOptions, unlimited, signal).catch((error: unknown) => {
			signal.throwIfAborted();
			const failure = failureOnly(error);
			throw failure.with({
				code: 'DOWNLOAD_FAILED',
				message: `The ${name} could not be downloaded. ${failure.fields.message}`,
				description: adviceFor('DOWNLOAD_FAILED'),
				attempts,
				call_id,
				call: json,
			});
		});
		signal.throwIfAborted();
		return got;
	};

	const recording =
		wanted.recording && recording_url !== undefined
			? await get('recording', {
					link: recording_url,
					mayBeEmpty: false,
					maxBytes: wanted.maxRecordingBytes,
					read: async (audio, source) => {
						const { fileName, mimeType } = recordingFile(source, call_id);
						return await media.keep(audio, fileName, mimeType);
					},
				})
			: undefined;
	const transcript_text =
		wanted.transcript && transcript_url !== undefined
			? await get('transcript', {
					link: transcript_url,
					// That of a call in which nobody spoke.
					mayBeEmpty: true,
					maxBytes: MAX_TRANSCRIPT_BYTES,
					read: transcriptText,
				})
			: undefined;
	return {
		...output,
		json: transcript_text === undefined ? json : { ...json, transcript_text },
		...(recording && { binary: { ...output.binary, recording } }),
	};
}
