import type { IAuthenticateGeneric, ICredentialType, INodeProperties } from 'n8n-workflow';

import { baseUrl, limitFields, neededNotice, secretField } from './fields';

/** Twenty2's page on errors and limits shows the first, its page on authentication the second. */
const callsPath: INodeProperties = {
	displayName: 'Calls Path',
	name: 'callsPath',
	type: 'options',
	options: [
		{ name: '/v1/calls', value: '/v1/calls' },
		{ name: '/api/calls', value: '/api/calls' },
	],
	default: '/v1/calls',
	description:
		'Where Twenty2 has the calls of this key. Choose the other one if Twenty2 answers with status 404.',
};

/** The key of Twenty2's API-key generation: a Bearer token. */
export class Twenty2Api implements ICredentialType {
	name = 'twenty2Api';

	displayName = 'Twenty2 API';

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
			description:
				'The key that Twenty2 shows in its dashboard under Profile → Integrations → API Keys',
		}),
		neededNotice('the API key is needed'),
		baseUrl,
		callsPath,
		...limitFields,
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey}}' } },
	};
}
