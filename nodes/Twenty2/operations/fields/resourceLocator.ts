import type { INodeProperties, INodePropertyMode } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { isJsonObject } from '../../json';

interface LocatorField extends Omit<INodeProperties, 'type' | 'default'> {
	/** The method of `listSearch` that fills its list. */
	search: string;
	/** What the list offers to choose, e.g. "an assistant". */
	what: string;
	/** The mode in which it is typed in. */
	typed: TypedMode;
}

type TypedMode = Pick<INodePropertyMode, 'name' | 'displayName'>;

export const byId: TypedMode = { name: 'id', displayName: 'By ID' };

/** n8n 1.123 and 2.41 show "By ID" for the name `id`, whatever the display name, so this mode has another name. */
export const byNumber: TypedMode = { name: 'number', displayName: 'By Number' };

/** A required field that is chosen from a list or typed in. */
export const locator = ({
	search,
	what,
	typed,
	placeholder,
	...field
}: LocatorField): INodeProperties => ({
	...field,
	type: 'resourceLocator',
	required: true,
	// n8n's AI builder calls a field with a default optional, and every locator has one.
	builderHint: { propertyHint: `Required. Choose ${what} from the list, or ask the user` },
	default: { mode: typed.name, value: '' },
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: `Select ${what}...`,
			typeOptions: { searchListMethod: search },
		},
		{ ...typed, type: 'string', placeholder },
	],
});

/** The value of a resource locator in any mode. A workflow's JSON or an expression may give plain text instead. */
export function located<T>(schema: z.ZodMiniType<T>): z.ZodMiniType<T> {
	return z.pipe(z.transform(valueIn), schema);
}

function valueIn(given: unknown): unknown {
	return isJsonObject(given) && 'mode' in given ? given.value : given;
}
