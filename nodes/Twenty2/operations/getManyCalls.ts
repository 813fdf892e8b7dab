import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure } from '../api/failure';
import { optionsField, requestOptionFields, requestOptionsOf } from './fields/options';
import { chosenOutput, outputChoice } from './fields/output';
import { wholeNumber, yesOrNo } from './fields/schemas';
import type { Operation } from './operation';

const displayOptions = { show: { operation: ['getManyCalls'] } };

const needsWorkspace = 'Get Many Calls needs a Twenty2 Workspace API credential';
const howToChange = 'Choose one under Credential';

/** The operation is always offered, because n8n shows a hidden one that is chosen as a raw value. */
const workspaceNotice: INodeProperties = {
	displayName: `${needsWorkspace}. ${howToChange} above.`,
	name: 'workspaceNotice',
	type: 'notice',
	default: '',
	displayOptions: { show: { operation: ['getManyCalls'], authentication: ['apiKey'] } },
};

const returnAll: INodeProperties = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
	hint: 'All means all calls in the one answer of Twenty2. If that is a page, ask for the next with Query Parameters.',
	displayOptions,
};

const limit: INodeProperties = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	typeOptions: { minValue: 1, numberPrecision: 0 },
	default: 50,
	description: 'Max number of results to return',
	displayOptions: { show: { operation: ['getManyCalls'], returnAll: [false] } },
};

const queryParameters: INodeProperties = {
	displayName: 'Query Parameters',
	name: 'queryParameters',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: 'Add Parameter',
	default: {},
	description: 'Which calls to list, where Twenty2 has a filter or pages for that',
	displayOptions,
	options: [
		{
			displayName: 'Parameter',
			name: 'parameter',
			values: [
				{
					displayName: 'Name',
					name: 'name',
					type: 'string',
					default: '',
					placeholder: 'e.g. page',
					description: 'The name as Twenty2 has it',
				},
				{
					displayName: 'Value',
					name: 'value',
					type: 'string',
					default: '',
					placeholder: 'e.g. 2',
					description: 'What Twenty2 is sent for it',
				},
			],
		},
	],
};

const noName = 'has a parameter without a name';
const named = z.object({
	name: z.string(noName).check(z.trim(), z.minLength(1, noName)),
	value: z.pipe(
		z.union([z.string(), z.number(), z.boolean()], 'has a parameter whose value is not text'),
		z.transform(String),
	),
});

const distinct = (list: Array<{ name: string }>) =>
	new Set(list.map(({ name }) => name)).size === list.length;
const parameters = z.array(named).check(z.refine(distinct, 'has the same parameter twice'));

const query = z.pipe(
	z.object({ parameter: z._default(parameters, []) }),
	z.transform(({ parameter }) =>
		Object.fromEntries(parameter.map(({ name, value }) => [name, value])),
	),
);

/** Lists the calls of a workspace, one item each. */
export const getManyCalls: Operation = {
	option: {
		name: 'Get Many Calls',
		value: 'getManyCalls',
		action: 'Get many calls',
		description: 'List the calls of your workspace',
	},
	fields: [
		workspaceNotice,
		returnAll,
		limit,
		...outputChoice(displayOptions.show),
		queryParameters,
		optionsField(requestOptionFields, displayOptions),
	],
	dials: false,

	check(fields, { twenty2, request }) {
		const { listCalls } = twenty2;
		if (!listCalls) throw Failure.ofInput('INVALID_INPUT', needsWorkspace, howToChange);
		const most = fields.read(returnAll, yesOrNo) ? Infinity : fields.read(limit, wholeNumber(1));
		const outputOf = chosenOutput(fields, twenty2);
		const wanted = fields.read(queryParameters, query);
		const requestOptions = requestOptionsOf(fields);

		return async ({ signal }) => {
			const { answer: calls } = await request({
				what: 'Listing calls',
				send: async () => await listCalls(wanted, requestOptions),
				patience: requestOptions,
				signal,
			});
			return calls.slice(0, most).map((call) => ({ json: outputOf(call) }));
		};
	},
};
