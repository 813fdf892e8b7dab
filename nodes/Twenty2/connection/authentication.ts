import type { INodeProperties } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { apiKey } from '../api/apiKey';
import { workspace } from '../api/workspace';

/** The editor does not show it: it follows from which credential is chosen. */
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

/** What the field may hold. */
export const generationName = z.enum(['apiKey', 'workspace'], 'must be apiKey or workspace');

/** By what the field holds. */
export const generations = { apiKey, workspace };
