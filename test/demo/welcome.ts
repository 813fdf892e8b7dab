import type { Sandbox } from '../../sandbox';
import { defaultAccounts } from '../../sandbox/accounts';
import type { N8n } from '../e2e/n8n';
import { owner } from './owner';

/** The addresses of n8n and the sandbox, how to sign in, and what a credential of one's own needs. */
export function welcome(n8n: N8n, sandbox: Sandbox): string {
	const [apiKey] = defaultAccounts.apiKeys;
	const [pair] = defaultAccounts.workspaceKeys;
	const [assistant] = defaultAccounts.assistants;
	return [
		`n8n        ${n8n.baseUrl}/home/workflows`,
		`  sign in  ${owner.email} with the password ${owner.password}`,
		`Sandbox    ${sandbox.url}/sandbox has every request and call it saw`,
		'',
		'For a credential of your own, beside those that are there:',
		`  Base URL               ${sandbox.url}`,
		`  Twenty2 API            API Key ${apiKey?.key}`,
		`  Twenty2 Workspace API  API Key ${pair?.key}, API Secret ${pair?.secret}, Workspace ID ${pair?.workspaceId}`,
		`  A call                 Assistant ID ${assistant?.id}, From Number +917971441943, any To Number, e.g. +919876543210`,
		'',
		'Only this machine can reach them, and nobody is phoned. Ctrl-C stops both.',
	].join('\n');
}
