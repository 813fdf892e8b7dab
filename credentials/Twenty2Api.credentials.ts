import type { IAuthenticateGeneric, ICredentialType, INodeProperties } from 'n8n-workflow';

import { limitFields } from './limitFields';

/** The key of Twenty2's API-key generation: a Bearer token for `/v1/calls`. */
export class Twenty2Api implements ICredentialType {
	name = 'twenty2Api';

	displayName = 'Twenty2 API';

	icon = {
		light: 'file:../nodes/Twenty2/twenty2.svg',
		dark: 'file:../nodes/Twenty2/twenty2.dark.svg',
	} as const;

	documentationUrl = 'https://github.com/n8n-nodes-twenty2/n8n-nodes-twenty2#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			placeholder: 'e.g. 8f14e45fceea167a',
			description:
				'The key that Twenty2 shows in its dashboard under Profile → Integrations → API Keys',
		},
		...limitFields,
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey}}' } },
	};
}
