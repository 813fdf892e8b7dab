import { callTypes, simplifiedFields, type CallField, type FieldType } from '../api/responses';
import type * as operations from './index';

/** The JSON Schema of an item. Any field may be missing. */
export interface ItemSchema {
	type: 'object';
	description?: string;
	properties: Record<string, { type: FieldType }>;
}

type Types = Record<string, FieldType>;

const typesOf = (fields: readonly CallField[]): Types =>
	Object.fromEntries(fields.map((name) => [name, callTypes[name]]));

export const schemaOf = (types: Types): ItemSchema => ({
	type: 'object',
	properties: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }])),
});

export const simplifiedTypes = typesOf(simplifiedFields);

/** Twenty2 lists calls without what was found out in them and without their files. */
const notListed: string[] = ['output_parameters', 'recording_url'] satisfies CallField[];
const listed = typesOf(simplifiedFields.filter((name) => !notListed.includes(name)));

const ofOperations: Record<keyof typeof operations, ItemSchema> = {
	createCall: {
		...schemaOf({ ...typesOf(['call_id', 'status']), message: 'string', ...simplifiedTypes }),
		description: 'Only call_id, status and message without Wait for Completion; with it no message',
	},
	getCall: schemaOf(simplifiedTypes),
	getManyCalls: schemaOf(listed),
};

/**
 * What the items of the operations usually are, by the files in which n8n looks for it: so a workflow can be built
 * before anything was executed. The build writes the files; they are not part of the code of the node.
 */
export const outputSchemas: Record<string, ItemSchema> = Object.fromEntries(
	Object.entries(ofOperations).map(([name, schema]) => [`call/${name}.json`, schema]),
);
