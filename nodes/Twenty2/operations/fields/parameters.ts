import type { IExecuteFunctions, IGetNodeParameterOptions, INodeProperties } from 'n8n-workflow';
import type * as z from 'zod/v4/mini';

import { Failure } from '../../api/failure';
import type { JsonObject } from '../../json';
import { yesOrNo } from './schemas';

type InputCode = 'INVALID_INPUT' | 'INVALID_NUMBER';

/** What to do about a field of an item that holds a wrong value. */
export const whereToLook =
	'Check the field and, if it is an expression, what it yields for this item';

/** What to do about a field of the node that is the same for all items. */
export const chooseAgain = 'Open the node and choose it again';

/**
 * n8n's `getNodeParameter`, which throws where an expression fails.
 * @param path of the field, with the name of its collection before a dot
 * @param absent returned for a field that the workflow does not hold
 */
type GetParameter = (path: string, absent: unknown, options?: IGetNodeParameterOptions) => unknown;

/** Reads the fields of a node and checks them. Each Failure names its field. */
export class FieldReader {
	/**
	 * @param advice the description of each Failure: what the user can do
	 * @param isForModel whether a model may give the values. What it leaves out counts as not given
	 */
	constructor(
		private readonly getParameter: GetParameter,
		private readonly advice: string,
		readonly isForModel = false,
	) {}

	/** @param schema its messages finish a sentence that begins with the field's name @throws Failure */
	read<T>(field: INodeProperties, schema: z.ZodMiniType<T>, code?: InputCode): T {
		// Without a value for an absent field, n8n throws.
		return this.checked(field, field.name, null, schema, code);
	}

	/** Reads a field that need not be filled in. @returns undefined when a model has left it out @throws Failure */
	readOptional<T>(field: INodeProperties, schema: z.ZodMiniType<T>): T | undefined {
		return this.unlessLeftOut(field, field.name, null, schema);
	}

	/** Reads an option. An option that was not added has its default. @throws Failure `INVALID_INPUT` */
	readOption<T>(field: INodeProperties, schema: z.ZodMiniType<T>): T {
		const given = this.unlessLeftOut(field, optionPath(field), field.default, schema);
		return given ?? checked(field, field.default, schema, undefined, this.advice);
	}

	/** Reads an option. @returns undefined when it was not added @throws Failure `INVALID_INPUT` */
	readAddedOption<T>(field: INodeProperties, schema: z.ZodMiniType<T>): T | undefined {
		const wasAdded = this.getParameter(optionPath(field), null, { rawExpressions: true }) !== null;
		return wasAdded ? this.unlessLeftOut(field, optionPath(field), null, schema) : undefined;
	}

	/**
	 * Whether a switch among the options was added and is on.
	 * @throws Failure `INVALID_INPUT`, also where a model leaves it out: a Dry Run in doubt must phone nobody
	 */
	isSwitchedOn(field: INodeProperties): boolean {
		return this.checked(field, optionPath(field), false, yesOrNo);
	}

	/** Whether the field holds an expression, not a fixed value. */
	isExpression({ name }: INodeProperties): boolean {
		const raw = this.getParameter(name, null, { rawExpressions: true });
		return typeof raw === 'string' && raw.startsWith('=');
	}

	private unlessLeftOut<T>(
		field: INodeProperties,
		path: string,
		absent: unknown,
		schema: z.ZodMiniType<T>,
	): T | undefined {
		const value = this.value(field, path, absent);
		if (this.isForModel && isLeftOut(value)) return undefined;
		return checked(field, value, schema, undefined, this.advice);
	}

	private checked<T>(
		field: INodeProperties,
		path: string,
		absent: unknown,
		schema: z.ZodMiniType<T>,
		code?: InputCode,
	): T {
		return checked(field, this.value(field, path, absent), schema, code, this.advice);
	}

	private value({ displayName }: INodeProperties, path: string, absent: unknown): unknown {
		try {
			return this.getParameter(path, absent);
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			const message = `The expression in ${displayName} could not be worked out: ${reason}`;
			throw Failure.ofInput('INVALID_INPUT', message, this.advice);
		}
	}
}

/** Whether a model that gives this as an argument means that it gives none. */
export function isLeftOut(value: unknown): boolean {
	const isBlank = typeof value === 'string' && ['', 'null'].includes(value.trim());
	return value === undefined || value === null || isBlank;
}

const optionPath = ({ name }: INodeProperties) => `options.${name}`;

/** The fields of one item. */
export interface ItemFields extends FieldReader {
	/** The index of the item in the input. */
	readonly item: number;
	/** The fields of the input item. */
	readonly input: JsonObject;
	/** As the workflow's settings name it. n8n does not check the name. */
	readonly workflowTimezone: string;
}

/** Reads the fields of one item out of n8n. */
export class Parameters extends FieldReader implements ItemFields {
	constructor(
		private readonly n8n: IExecuteFunctions,
		readonly item: number,
		isForModel: boolean,
	) {
		super((path, ...asked) => n8n.getNodeParameter(path, item, ...asked), whereToLook, isForModel);
	}

	get input(): JsonObject {
		return this.n8n.getInputData()[this.item]?.json ?? {};
	}

	get workflowTimezone(): string {
		return this.n8n.getTimezone();
	}
}

/** Checks a value of a field. @throws Failure with the code given, whose message names the field */
export function checked<T>(
	field: INodeProperties,
	value: unknown,
	schema: z.ZodMiniType<T>,
	code: InputCode = 'INVALID_INPUT',
	advice = whereToLook,
): T {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw Failure.ofInput(code, `${field.displayName} ${issue?.message}`, advice);
}
