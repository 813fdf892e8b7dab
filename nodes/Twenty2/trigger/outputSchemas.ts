import { schemaOf, simplifiedTypes, type ItemSchema } from '../operations/outputSchemas';
import { eventTypes } from './event';

/**
 * What the items of the trigger are. n8n's AI builder reads this file for a node without resource and operation: for
 * the trigger, and for a Create Call that n8n saved without its defaults. The editor shows no fields of triggers
 * (n8n 2.41).
 */
export const outputSchemas: Record<string, ItemSchema> = {
	'output.json': {
		...schemaOf({ ...eventTypes, ...simplifiedTypes }),
		description: `Of Twenty2 Trigger. Create Call has no ${Object.keys(eventTypes).join(', ')}`,
	},
};
