import type { INodeProperties } from 'n8n-workflow';

/** A key or secret of the credential. */
export const secretField = (
	field: Pick<INodeProperties, 'displayName' | 'name' | 'placeholder' | 'description'>,
): INodeProperties => ({
	...field,
	type: 'string',
	typeOptions: { password: true },
	required: true,
	default: '',
});

/** What has to be filled in, because the fields below look as if they had to be, too. */
export const neededNotice = (needed: string): INodeProperties => ({
	displayName: `Only ${needed}: leave the other fields as they are, unless Twenty2 told you otherwise.`,
	name: 'neededNotice',
	type: 'notice',
	default: '',
});

export const baseUrl: INodeProperties = {
	displayName: 'Base URL',
	name: 'baseUrl',
	type: 'string',
	required: true,
	default: 'https://api.twentytwo.in',
	placeholder: 'e.g. https://api.twentytwo.in',
	description: 'The address of the Twenty2 API. Leave it as it is unless Twenty2 gave you another.',
};

/** How much Twenty2 allows a key. Whatever uses the key shares its limits. */
export const limitFields: INodeProperties[] = [
	{
		displayName: 'Requests per Minute',
		name: 'requestsPerMinute',
		type: 'number',
		typeOptions: { minValue: 1, numberPrecision: 0 },
		required: true,
		default: 60,
		description:
			'How many requests Twenty2 allows this key in any minute. Twenty2 raises it on request.',
	},
	{
		displayName: 'Concurrent Calls',
		name: 'concurrentCalls',
		type: 'number',
		typeOptions: { minValue: 1, numberPrecision: 0 },
		required: true,
		default: 3,
		description: 'How many calls Twenty2 allows this key at once. Twenty2 raises it on request.',
	},
];
