import { expect, it } from 'vitest';

import {
	downloadRecording,
	includeTranscript,
	mediaWanted,
} from '../../../../nodes/Twenty2/operations/fields/media';
import { readerOf } from './reader';

/** The editor puts an option in with its default. */
const added = (...options: Array<typeof downloadRecording>) =>
	Object.fromEntries(options.map((option) => [option.name, option.default]));

it('mediaWanted wants no file while no option was added', () => {
	const wanted = { recording: false, transcript: false, maxRecordingBytes: 200_000_000 };
	expect(mediaWanted(readerOf({}))).toEqual(wanted);
});

it('mediaWanted wants each file whose option was added', () => {
	expect(mediaWanted(readerOf({}, added(downloadRecording)))).toMatchObject({
		recording: true,
		transcript: false,
	});
	expect(mediaWanted(readerOf({}, added(includeTranscript)))).toMatchObject({
		recording: false,
		transcript: true,
	});
});

it('mediaWanted wants no file whose option was switched off', () => {
	const off = { downloadRecording: false, includeTranscript: false };
	expect(mediaWanted(readerOf({}, off))).toMatchObject({ recording: false, transcript: false });
});

it('mediaWanted refuses a switch that is neither on nor off', () => {
	expect(() => mediaWanted(readerOf({}, { includeTranscript: 'yes' }))).toThrow(
		'Include Transcript must be true or false',
	);
});
