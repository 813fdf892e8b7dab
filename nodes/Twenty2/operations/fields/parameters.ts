import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type * as z from 'zod/v4/mini';

import { Failure } from '../../api/failure';

type InputCode = 'INVALID_INPUT' | 'INVALID_NUMBER';

/** What to do about a field that holds the wrong thing. */
export const whereToLook =
	'Check the field and, if it is an expression, what it yields for this item';

/** One item's fields, read and checked; whatever is wrong is a Failure that names the field. */
export class Parameters {
	constructor(
		private readonly n8n: IExecuteFunctions,
		readonly item: number,
	) {}

	/**
	 * @param field as the node shows it
	 * @param schema its messages finish a sentence that begins with the field's name
	 * @throws Failure with the code given
	 */
	read<T>(field: INodeProperties, schema: z.ZodMiniType<T>, code?: InputCode): T {
		// n8n throws for a field that is not there unless it has something to give instead.
		return checked(field, this.value(field, field.name, null), schema, code);
	}

	/** The same for an option, which has its default when it was not added. */
	readOption<T>(field: INodeProperties, schema: z.ZodMiniType<T>): T {
		return checked(field, this.value(field, `options.${field.name}`, field.default), schema);
	}

	private value(field: INodeProperties, path: string, absent: unknown): unknown {
		try {
			return this.n8n.getNodeParameter(path, this.item, absent);
		} catch (error) {
			throw unreadable(field, error);
		}
	}
}

/** @throws Failure with the code given, its message naming the field */
export function checked<T>(
	field: INodeProperties,
	value: unknown,
	schema: z.ZodMiniType<T>,
	code: InputCode = 'INVALID_INPUT',
): T {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw Failure.ofInput(code, `${field.displayName} ${issue?.message}`, whereToLook);
}

function unreadable(field: INodeProperties, error: unknown): Failure {
	const reason = error instanceof Error ? error.message : String(error);
	return Failure.ofInput(
		'INVALID_INPUT',
		`The expression in ${field.displayName} could not be worked out: ${reason}`,
		whereToLook,
	);
}
