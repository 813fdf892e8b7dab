import { callTypes, simplifiedFields, type CallField, type FieldType } from './api/responses';
import type * as operations from './operations';
import { eventTypes } from './trigger/event';

/** The JSON Schema of an item. Any field may be missing. */
export interface ItemSchema {
	type: 'object';
	description?: string;
	properties: Record<string, { type: FieldType }>;
}

type Types = Record<string, FieldType>;

const typesOf = (fields: readonly CallField[]): Types =>
	Object.fromEntries(fields.map((name) => [name, callTypes[name]]));

const itemOf = (types: Types): ItemSchema => ({
	type: 'object',
	properties: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }])),
});

const simplified = typesOf(simplifiedFields);

/** Twenty2 lists calls without what was found out in them and without their files. */
const notListed: string[] = ['output_parameters', 'recording_url'] satisfies CallField[];
const listed = typesOf(simplifiedFields.filter((name) => !notListed.includes(name)));

const ofOperations: Record<keyof typeof operations, ItemSchema> = {
	createCall: {
		...itemOf({ ...typesOf(['call_id', 'status']), message: 'string', ...simplified }),
		description: 'Only call_id, status and message without Wait for Completion; with it no message',
	},
	getCall: itemOf(simplified),
	getManyCalls: itemOf(listed),
};

/**
 * What the items of the nodes usually are, by the files in which n8n looks for it: so a workflow can be built
 * before anything was executed. The build writes them; they are not part of the code of the nodes.
 */
export const outputSchemas: Record<string, ItemSchema> = {
	...Object.fromEntries(
		Object.entries(ofOperations).map(([name, schema]) => [`v1.0.0/call/${name}.json`, schema]),
	),
	// n8n's AI builder reads this file for a node without resource and operation: for the trigger, and for a Create
	// Call that n8n saved without its defaults. The editor shows no fields of triggers (n8n 2.41).
	'v1.0.0/output.json': {
		...itemOf({ ...eventTypes, ...simplified }),
		description: `Of Twenty2 Trigger. Create Call has no ${Object.keys(eventTypes).join(', ')}`,
	},
};
