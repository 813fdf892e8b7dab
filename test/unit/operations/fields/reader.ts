import { FieldReader, whereToLook } from '../../../../nodes/Twenty2/operations/fields/parameters';

/** Reads the fields of an item, and its options by their names, as a node or a tool has them. */
export function readerOf(
	fields: Record<string, unknown>,
	options: Record<string, unknown> = {},
	isForModel = false,
): FieldReader {
	const given = new Map(Object.entries(fields));
	for (const [name, value] of Object.entries(options)) given.set(`options.${name}`, value);
	return new FieldReader(
		(path, absent) => (given.has(path) ? given.get(path) : absent),
		whereToLook,
		isForModel,
	);
}
