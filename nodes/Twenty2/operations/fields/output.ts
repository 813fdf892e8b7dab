import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { Twenty2 } from '../../api/client';
import { callFields, simplifiedFields, type CallField } from '../../api/responses';
import type { JsonObject } from '../../json';
import type { FieldReader } from './parameters';

const labels: Record<CallField, { name: string; description: string }> = {
	call_id: { name: 'Call ID', description: 'The ID that Create Call returned' },
	status: { name: 'Status', description: 'How the call goes or went, e.g. completed' },
	to_number: { name: 'To Number', description: 'The number that was called' },
	from_number: { name: 'From Number', description: 'The number that the call came from' },
	assistant_id: { name: 'Assistant ID', description: 'The assistant that made the call' },
	duration_seconds: { name: 'Duration (Seconds)', description: 'How long the call took' },
	cost: { name: 'Cost', description: 'What Twenty2 charges for it, e.g. 15.67 INR' },
	ended_at: { name: 'Ended At', description: 'When the call ended' },
	output_parameters: {
		name: 'Output Parameters',
		description: 'What the assistant found out in the call',
	},
	recording_url: { name: 'Recording URL', description: 'Where the audio of the call is' },
	direction: { name: 'Direction', description: 'Which way the call went, e.g. outbound' },
	started_at: { name: 'Started At', description: 'When the call began' },
	input_parameters: {
		name: 'Input Parameters',
		description: 'What the assistant was told before the call',
	},
	transcript_url: { name: 'Transcript URL', description: 'Where the text of the call is' },
};

const output: INodeProperties = {
	displayName: 'Output',
	name: 'output',
	type: 'options',
	options: [
		{
			name: 'Simplified',
			value: 'simplified',
			description: 'The fields that most workflows need, with the same names for all accounts',
		},
		{ name: 'Raw', value: 'raw', description: 'All that Twenty2 answered, untouched' },
		{ name: 'Selected Fields', value: 'selected', description: 'Only the fields that you choose' },
	],
	default: 'simplified',
	description: 'How much of a call to return',
};

const outputFields: INodeProperties = {
	displayName: 'Output Fields',
	name: 'outputFields',
	type: 'multiOptions',
	options: callFields.map((value) => ({ value, ...labels[value] })),
	default: ['call_id', 'status'],
	description: 'Which fields of a call to return. A field that Twenty2 did not send is left out.',
};

/** The two fields of an operation that returns calls, and when they are shown. */
export const outputChoice = (show: NonNullable<IDisplayOptions['show']>): INodeProperties[] => [
	{ ...output, displayOptions: { show } },
	{ ...outputFields, displayOptions: { show: { ...show, output: ['selected'] } } },
];

const choice = z.enum(['simplified', 'raw', 'selected'], 'must be simplified, raw or selected');

const noFields = 'must name at least one field of a call, e.g. call_id';
const selection = z
	.array(z.enum(callFields, noFields), noFields)
	.check(z.minLength(1, { error: noFields }));

/** @returns makes the item of a call from Twenty2's body, as the fields say @throws Failure `INVALID_INPUT` */
export function chosenOutput(
	parameters: FieldReader,
	{ unify }: Twenty2,
): (body: JsonObject) => JsonObject {
	const chosen = parameters.read(output, choice);
	if (chosen === 'raw') return (body) => body;
	const fields =
		chosen === 'selected' ? parameters.read(outputFields, selection) : simplifiedFields;
	return (body) => picked(unify(body), fields);
}

/** The simplified output of a call under the public names. */
export const simplified = (call: JsonObject): JsonObject => picked(call, simplifiedFields);

/** The fields of a call that it has, in the order of `callFields`. */
function picked(call: JsonObject, fields: readonly CallField[]): JsonObject {
	const names = callFields.filter((name) => fields.includes(name) && Object.hasOwn(call, name));
	return Object.fromEntries(names.map((name) => [name, call[name]]));
}
