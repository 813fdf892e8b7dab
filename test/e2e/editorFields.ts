import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

/** A field and its path, such as `options.maxRetries`. */
export interface Field {
	path: string;
	field: INodeProperties;
}

function fieldsIn(properties: INodeProperties[], within: string): Field[] {
	return properties.flatMap((field) => {
		const path = `${within}${field.name}`;
		const inner = (field.options ?? []).flatMap((option) => {
			if ('values' in option) return fieldsIn(option.values, `${path}.`);
			return 'type' in option ? fieldsIn([option], `${path}.`) : [];
		});
		return [{ path, field }, ...inner];
	});
}

/** All fields of a node, including those in collections. */
export const fieldsOf = ({ properties }: INodeTypeDescription): Field[] => fieldsIn(properties, '');

/** The choices of a field. Empty when it has none. */
export const choicesOf = ({ field, path }: Field) =>
	(field.options ?? []).flatMap((option) =>
		'value' in option ? [{ path: `${path} = ${option.name}`, ...option }] : [],
	);
