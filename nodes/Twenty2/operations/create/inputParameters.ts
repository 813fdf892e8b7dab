import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure } from '../../api/failure';
import type { JsonObject } from '../../json';
import { jsonOrText, objectIn } from '../fields/jsonField';
import { isLeftOut, whereToLook, type FieldReader } from '../fields/parameters';

const displayOptions = { show: { operation: ['createCall'] } };

const specifyInputParameters: INodeProperties = {
	displayName: 'Specify Input Parameters',
	name: 'specifyInputParameters',
	type: 'options',
	options: [
		{
			name: 'Using Fields Below',
			value: 'fields',
			description: 'Enter each name and its value',
		},
		{
			name: 'Using JSON',
			value: 'json',
			description: 'Write all of them as one JSON object',
		},
	],
	default: 'fields',
	description: 'How to give the assistant what it should know for this call',
	displayOptions,
};

const inputParameters: INodeProperties = {
	displayName: 'Input Parameters',
	name: 'inputParameters',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: 'Add Parameter',
	default: {},
	description: 'What the assistant should know for this call, e.g. the name of the person',
	displayOptions: { show: { operation: ['createCall'], specifyInputParameters: ['fields'] } },
	options: [
		{
			displayName: 'Parameter',
			name: 'parameter',
			values: [
				{
					displayName: 'Name',
					name: 'name',
					type: 'string',
					default: '',
					placeholder: 'e.g. customerName',
					description: 'The name as it is defined on the assistant',
				},
				{
					displayName: 'Value',
					name: 'value',
					type: 'string',
					default: '',
					placeholder: 'e.g. Asha',
					description: 'What the assistant is told',
				},
			],
		},
	],
};

const inputParametersJson: INodeProperties = {
	displayName: 'Input Parameters (JSON)',
	name: 'inputParametersJson',
	type: 'json',
	default: '{}',
	placeholder: 'e.g. { "customerName": "Asha" }',
	description:
		'What the assistant should know for this call, as one object with the names that are defined on the assistant',
	displayOptions: { show: { operation: ['createCall'], specifyInputParameters: ['json'] } },
};

export const inputParameterFields = [specifyInputParameters, inputParameters, inputParametersJson];

const specified = z.enum(['fields', 'json'], 'is not known');

const named = z.object({
	name: z
		.string('has a parameter without a name')
		.check(z.trim(), z.minLength(1, 'has a parameter without a name')),
	value: z.unknown(),
});

const collection = z.object({ parameter: z._default(z.array(named), []) });

/**
 * The input parameters of the call, from the one of the two fields that is in use.
 * @throws Failure `INVALID_INPUT` naming the field
 */
export function inputParametersOf(parameters: FieldReader): JsonObject {
	const how = parameters.read(specifyInputParameters, specified);
	if (how === 'json') {
		const given = parameters.readOptional(inputParametersJson, jsonOrText);
		return objectIn(inputParametersJson, given ?? '');
	}

	const { parameter: all } = parameters.read(inputParameters, collection);
	const parameter = parameters.isForModel ? all.filter(({ value }) => !isLeftOut(value)) : all;
	const names = new Set<string>();
	for (const { name } of parameter) {
		if (names.has(name)) throw unusable(`has the parameter "${name}" twice`);
		names.add(name);
	}
	const empty = parameter.find(({ value }) => value === undefined);
	if (empty) throw unusable(`has no value for the parameter "${empty.name}"`);
	const entries = parameter.map(({ name, value }) => [name, value]);
	return objectIn(inputParameters, Object.fromEntries(entries));
}

function unusable(what: string): Failure {
	return Failure.ofInput('INVALID_INPUT', `${inputParameters.displayName} ${what}`, whereToLook);
}
