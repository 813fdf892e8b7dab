import type { INodeProperties } from 'n8n-workflow';

/** What all operations that look at calls ask; when it is shown is theirs. */
export const simplify: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};
