import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { apiKey } from '../api/apiKey';
import { workspace } from '../api/workspace';

/** The editor does not show this field: it follows from the credential that is chosen. */
export const authentication: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	noDataExpression: true,
	options: [
		{
			name: 'API Key',
			value: 'apiKey',
			description: 'Your Twenty2 account shows one API key',
		},
		{
			name: 'Workspace',
			value: 'workspace',
			description: 'Your Twenty2 workspace shows a key, a secret and a workspace ID',
		},
	],
	default: 'apiKey',
	description: 'Which of the two kinds of Twenty2 account you have',
};

/** The values of the field. */
export const generationName = z.enum(['apiKey', 'workspace'], 'must be apiKey or workspace');

/** The generations of the API, by the values of the field. */
export const generations = { apiKey, workspace };
