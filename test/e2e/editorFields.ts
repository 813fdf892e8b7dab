import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

/** A field, and where it is among the others, such as `options.maxRetries`. */
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

/** All fields of a node, those in its collections included. */
export const fieldsOf = ({ properties }: INodeTypeDescription): Field[] => fieldsIn(properties, '');

/** The choices of a field that has some. */
export const choicesOf = ({ field, path }: Field) =>
	(field.options ?? []).flatMap((option) =>
		'value' in option ? [{ path: `${path} = ${option.name}`, ...option }] : [],
	);
