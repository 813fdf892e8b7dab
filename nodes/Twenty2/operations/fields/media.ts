import type { INodeProperties } from 'n8n-workflow';

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
	displayOptions: { show: { downloadRecording: [true] } },
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

/** In the order in which they are needed. */
export const mediaFields = [includeTranscript, downloadRecording, maxRecordingSize];

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
