import * as z from 'zod/v4';

import type { Sandbox } from '../../sandbox';
import { defaultAccounts } from '../../sandbox/accounts';
import type { Credential, N8n } from '../e2e/n8n';

const listed = z.array(z.object({ id: z.string(), name: z.string(), type: z.string() }));
const stored = z.object({ data: z.looseObject({ baseUrl: z.string() }) });
const anything = z.unknown();

const names = {
	twenty2Api: 'Twenty2 sandbox',
	twenty2WorkspaceApi: 'Twenty2 sandbox (workspace)',
};
type Type = keyof typeof names;

function accounts({ url: baseUrl }: Sandbox): Record<Type, object> {
	const shared = { baseUrl, requestsPerMinute: 60, concurrentCalls: 3 };
	const [apiKey] = defaultAccounts.apiKeys;
	const [pair] = defaultAccounts.workspaceKeys;
	return {
		twenty2Api: { apiKey: apiKey?.key, ...shared },
		twenty2WorkspaceApi: {
			apiKey: pair?.key,
			apiSecret: pair?.secret,
			workspaceId: pair?.workspaceId,
			...shared,
		},
	};
}

/** The base URL in a stored credential. */
export async function baseUrlOf(n8n: N8n, { id }: Credential): Promise<string> {
	const { data } = await n8n.rest.call('GET', `/credentials/${id}?includeData=true`, stored);
	return data.baseUrl;
}

/** Creates both Twenty2 credentials for the sandbox, or updates the base URL of existing ones. */
export async function putCredentials(
	n8n: N8n,
	sandbox: Sandbox,
): Promise<Record<Type, Credential>> {
	const existing = await n8n.rest.call('GET', '/credentials', listed);
	const data = accounts(sandbox);

	async function put(type: Type): Promise<Credential> {
		const name = names[type];
		const found = existing.find((one) => one.type === type && one.name === name);
		if (!found) return await n8n.createCredential(type, name, data[type]);
		const credential = { id: found.id, name };
		const url = await baseUrlOf(n8n, found);
		// The sandbox may have had another port. Any other address was set by the user and is kept.
		if (url.startsWith('http://127.0.0.1:') && url !== sandbox.url) {
			const changed = { type, name, data: data[type] };
			await n8n.rest.call('PATCH', `/credentials/${found.id}`, anything, changed);
		}
		return credential;
	}

	return {
		twenty2Api: await put('twenty2Api'),
		twenty2WorkspaceApi: await put('twenty2WorkspaceApi'),
	};
}
