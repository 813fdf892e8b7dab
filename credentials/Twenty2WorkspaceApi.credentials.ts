import type { IAuthenticateGeneric, ICredentialType, INodeProperties } from 'n8n-workflow';

import { baseUrl, limitFields, neededNotice, secretField } from './fields';

/** The key pair of Twenty2's workspace generation: Basic authorisation plus `x-workspace-id`. */
export class Twenty2WorkspaceApi implements ICredentialType {
	name = 'twenty2WorkspaceApi';

	displayName = 'Twenty2 Workspace API';

	icon = {
		light: 'file:../nodes/Twenty2/twenty2.svg',
		dark: 'file:../nodes/Twenty2/twenty2.dark.svg',
	} as const;

	documentationUrl = 'https://github.com/n8n-nodes-twenty2/n8n-nodes-twenty2#credentials';

	properties: INodeProperties[] = [
		secretField({
			displayName: 'API Key',
			name: 'apiKey',
			placeholder: 'e.g. 8f14e45fceea167a',
			description: 'The key of this workspace, from Twenty2 under Profile → Integrations',
		}),
		secretField({
			displayName: 'API Secret',
			name: 'apiSecret',
			placeholder: 'e.g. c9f0f895fb98ab9159f51fd0',
			description: 'The secret that Twenty2 showed when the key was made',
		}),
		{
			displayName: 'Workspace ID',
			name: 'workspaceId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. 64f1c0a2b7e3',
			description: 'The workspace that the key belongs to, as Twenty2 shows it beside the key',
		},
		neededNotice('the key, its secret and the workspace ID are needed'),
		baseUrl,
		...limitFields,
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: {
			auth: {
				username: '={{$credentials.apiKey}}',
				password: '={{$credentials.apiSecret}}',
			},
			headers: { 'x-workspace-id': '={{$credentials.workspaceId}}' },
		},
	};
}
