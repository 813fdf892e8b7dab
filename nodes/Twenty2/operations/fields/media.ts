import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { adviceFor } from '../../api/advice';
import { download, type Download } from '../../api/media/download';
import { failureOnly } from '../../api/failure';
import type { Media } from '../../api/media/files';
import { recordingFile } from '../../api/media/readers';
import { transcriptText } from '../../api/media/transcriptText';
import type { Connection } from '../../connection/connect';
import type { JsonObject } from '../../json';
import { attempt, type Patience } from '../../policy/retry';
import type { Pass } from '../../policy/budget';
import { verdictOn } from '../../connection/retryRule';
import type { Output } from '../operation';
import { yesOrNo } from './options';
import type { Parameters } from './parameters';

export const downloadRecording: INodeProperties = {
	displayName: 'Download Recording',
	name: 'downloadRecording',
	type: 'boolean',
	default: false,
	description:
		'Whether to put the audio of the call into the binary field recording, if there is any',
};

export const includeTranscript: INodeProperties = {
	displayName: 'Include Transcript',
	name: 'includeTranscript',
	type: 'boolean',
	default: false,
	description: 'Whether to put what was said into the field transcript_text, if there is any',
};

/** What to fetch beside the call itself. */
export interface MediaWanted {
	recording: boolean;
	transcript: boolean;
}

/** @throws Failure `INVALID_INPUT` naming the option */
export function mediaWanted(parameters: Parameters): MediaWanted {
	return {
		recording: parameters.readOption(downloadRecording, yesOrNo),
		transcript: parameters.readOption(includeTranscript, yesOrNo),
	};
}

/** How to fetch it. */
export interface Fetching {
	wanted: MediaWanted;
	patience: Patience & { timeoutMs: number };
	/** Ends a download at once. */
	signal: AbortSignal;
	/** How many requests were sent for the item before. */
	attempts: number;
}

const link = z.catch(z.optional(z.string().check(z.minLength(1))), undefined);

const links = z.object({ call_id: z.string(), recording_url: link, transcript_url: link });

/** Files are not behind Twenty2's API, so their requests count towards none of its limits. */
const unlimited: Pass = {
	async through({ signal, send }) {
		signal.throwIfAborted();
		return await send();
	},
};

/**
 * Adds the recording and the transcript of a call, where they are wanted and there are any.
 * @param output what comes out for the call without them
 * @param body Twenty2's answer to a read of the call
 * @throws Failure `DOWNLOAD_FAILED` that carries the call, or the signal's reason
 */
export async function withMedia(
	output: Output,
	body: JsonObject,
	{ twenty2, media }: Pick<Connection, 'twenty2' | 'media'>,
	{ wanted, patience, signal, attempts: before }: Fetching,
): Promise<Output> {
	const { call_id, recording_url, transcript_url } = links.parse(twenty2.simplify(body));
	const { json } = output;
	let attempts = before;
	const counted: Media = {
		...media,
		async open(address, asking) {
			attempts++;
			return await media.open(address, asking);
		},
	};

	const get = async <T>(name: string, from: string, take: Download<T>['take']): Promise<T> => {
		const { timeoutMs } = patience;
		const send = async () => await download(counted, { link: from, timeoutMs, signal, take });
		const what = `Downloading the ${name} of ${call_id}`;
		const got = attempt({ what, send, judge: verdictOn }, patience, unlimited, signal);
		const fetched = await got.catch((error: unknown) => {
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
		return fetched;
	};

	const recording =
		wanted.recording && recording_url !== undefined
			? await get('recording', recording_url, async (audio, source) => {
					const { fileName, mimeType } = recordingFile(source, call_id);
					return await media.keep(audio, fileName, mimeType);
				})
			: undefined;
	const transcript_text =
		wanted.transcript && transcript_url !== undefined
			? await get('transcript', transcript_url, transcriptText)
			: undefined;
	return {
		...output,
		json: transcript_text === undefined ? json : { ...json, transcript_text },
		...(recording && { binary: { ...output.binary, recording } }),
	};
}
