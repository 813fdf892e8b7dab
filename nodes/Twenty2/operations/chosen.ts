import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { Generation } from '../api/client';
import { Failure, orFailure } from '../api/failure';
import { authentication, generationName, generations } from '../connection/authentication';
import * as operations from './index';
import { chooseAgain, FieldReader } from './fields/parameters';
import type { Operation } from './operation';

export const operationList: Operation[] = Object.values(operations);

/** n8n names the nodes that its panel adds by this field and the operation, e.g. "Get a call". */
export const resource: INodeProperties = {
	displayName: 'Resource',
	name: 'resource',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Call', value: 'call', description: 'A phone call between an assistant and a person' },
	],
	default: 'call',
};

export const operationField: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: operationList.map(({ option }) => option),
	default: 'createCall',
	displayOptions: { show: { resource: ['call'] } },
};

const resourceName = z.literal('call', 'must be call');

const operationName = z.custom<keyof typeof operations>(
	(name) => typeof name === 'string' && Object.hasOwn(operations, name),
	`must be one of ${Object.keys(operations).join(', ')}`,
);

/** What a node is to do, and on which generation of the API. A Failure names the field that holds a wrong value. */
export interface Chosen {
	operation: Operation | Failure;
	generation: Generation | Failure;
	dials: boolean;
}

/** Reads what all items of a run have in common. */
export function chosenIn(n8n: Pick<IExecuteFunctions, 'getNodeParameter'>): Chosen {
	const fields = new FieldReader(
		(path, ...asked) => n8n.getNodeParameter(path, 0, ...asked),
		chooseAgain,
	);
	const operation = orFailure<Operation>(() => {
		fields.read(resource, resourceName);
		return operations[fields.read(operationField, operationName)];
	});
	const generation = orFailure<Generation>(
		() => generations[fields.read(authentication, generationName)],
	);
	return { operation, generation, dials: !(operation instanceof Failure) && operation.dials };
}
