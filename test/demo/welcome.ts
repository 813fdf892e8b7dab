import type { Sandbox } from '../../sandbox';
import type { N8n } from '../e2e/n8n';
import { owner } from './owner';

/** The addresses of n8n and the sandbox, and how to sign in. */
export const welcome = (n8n: N8n, sandbox: Sandbox): string =>
	[
		`n8n        ${n8n.baseUrl}`,
		`  sign in  ${owner.email} with the password ${owner.password}`,
		`Sandbox    ${sandbox.url}/sandbox has every request and call it saw`,
		'',
		'Only this machine can reach them, and nobody is phoned. Ctrl-C stops both.',
	].join('\n');
