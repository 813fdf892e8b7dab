import type { INodeProperties } from 'n8n-workflow';

import type { JsonObject } from '../../json';
import type { Output } from '../operation';

export const includeInputFields: INodeProperties = {
	displayName: 'Include Input Fields',
	name: 'includeInputFields',
	type: 'boolean',
	default: true,
	description:
		'Whether to put the fields of the input item beside the call. Where both have a field, that of the call is kept.',
};

/** Puts the fields of the input item beside those of a call, which come first and win. */
export function besideInput({ json, ...output }: Output, input: JsonObject): Output {
	return { ...output, json: { ...json, ...input, ...json } };
}
