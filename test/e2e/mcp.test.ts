import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { jsonOf } from './execution';
import { McpServer } from './mcpServer';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';

const nodeType = 'n8n-nodes-twenty2.twenty2';

let n8n: N8n;
let server: McpServer;
let sandbox: Sandbox;
let credential: Credential;

beforeAll(async () => {
	sandbox = await startSandbox();
	n8n = await startN8nWithNode();
	server = await McpServer.of(n8n);
	credential = await n8n.createCredential('twenty2WorkspaceApi', 'Twenty2 Workspace', {
		apiKey: 'sandbox-key',
		apiSecret: 'sandbox-secret',
		workspaceId: 'ws_sandbox',
		baseUrl: sandbox.url,
	});
});
afterAll(async () => {
	await n8n?.stop();
	await sandbox?.close();
});

/** The nodes that n8n finds for a phrase, at most five, the best first. */
async function found(phrase: string): Promise<string[]> {
	const given = { queries: [phrase] };
	const { results } = await server.use('search_nodes', given, z.object({ results: z.string() }));
	return [...results.matchAll(/^- (\S+)/gm)].map(([, name = '']) => name);
}

/** What n8n tells a model of the parameters of an operation. */
async function definition(operation: string): Promise<string> {
	const given = { nodeIds: [{ nodeId: nodeType, resource: 'call', operation }] };
	const answer = z.object({ definitions: z.string() });
	const { definitions } = await server.use('get_node_types', given, answer);
	const type = new RegExp(`export type \\S+${operation}Params = \\{[^]*?\\n\\};`, 'i');
	return type.exec(definitions)?.[0] ?? '';
}

const dryRun = {
	...{ authentication: 'workspace', resource: 'call', operation: 'createCall' },
	assistantId: { __rl: true, mode: 'list', value: 'asst_demo' },
	fromNumber: { __rl: true, mode: 'number', value: '+917971441943' },
	toNumber: '+919876543210',
	options: { dryRun: true },
};

const code = `
import { workflow, trigger, node } from '@n8n/workflow-sdk';
const start = trigger({ type: 'n8n-nodes-base.manualTrigger', version: 1, config: { name: 'Start' } });
const phone = node({
	type: '${nodeType}',
	version: 1,
	config: { name: 'Phone', parameters: ${JSON.stringify(dryRun)} },
});
export default workflow('phone', 'Phone a customer').add(start).to(phone);
`;

describe('Through the MCP server of n8n, an AI builder', () => {
	it.each([
		'telephony',
		'dial',
		'outbound call',
		'twentytwo',
		'make a phone call',
		'phone call',
		'call ended',
	])('finds Twenty2 among the first three nodes for “%s”', async (phrase) => {
		const first = (await found(phrase)).slice(0, 3);
		expect(first.join()).toContain(nodeType);
	});

	// The names of n8n's own nodes weigh more than the aliases of any other: invoiceNinja has the letters of voice.
	it('finds Twenty2 among the five nodes that it is shown for “voice call”', async () => {
		expect(await found('voice call')).toContain(nodeType);
	});

	it('reads what is required, and no list of countries', async () => {
		const text = await definition('createCall');
		expect(text).toMatch(/\btoNumber: /);
		for (const name of ['assistantId', 'fromNumber']) {
			// n8n has a question mark after the name of every locator, also of its own required ones.
			expect(text).toMatch(new RegExp(`@builderHint Required\\.[^/]*/\\s+${name}\\?: \\{ __rl`));
		}
		expect(text).toMatch(/\bdefaultCountry\?: string \| Expression<string>;/);
	});

	it('chooses an assistant, makes a workflow and runs it dry, and nobody is phoned', async () => {
		const calls = [
			{ call_id: 'call_1', status: 'completed', agent_id: 'asst_demo', direction: 'outbound' },
		];
		const body = { success: true, calls };
		sandbox.behaveReads('*', { kind: 'answer', status: 200, body });

		const account = { credentialType: 'twenty2WorkspaceApi', credentialId: credential.id };
		const list = { nodeType, version: 1, methodName: 'searchAssistants', methodType: 'listSearch' };
		const { results } = await server.use(
			'explore_node_resources',
			{ ...list, ...account },
			z.object({ results: z.array(z.object({ value: z.string() })) }),
		);
		expect(results.map(({ value }) => value)).toEqual(['asst_demo']);

		const node = { type: nodeType, typeVersion: 1, parameters: dryRun };
		const valid = z.object({ valid: z.boolean() });
		expect(await server.use('validate_node_config', { nodes: [node] }, valid)).toEqual({
			valid: true,
		});

		const { workflowId, warnings } = await server.use(
			'create_workflow_from_code',
			{ code, versionName: 'A dry run' },
			z.object({ workflowId: z.string(), warnings: z.array(z.unknown()).default([]) }),
		);
		expect(warnings).toEqual([]);

		const { executionId } = await server.use(
			'execute_workflow',
			{ workflowId, executionMode: 'manual' },
			z.object({ executionId: z.string() }),
		);
		const execution = await n8n.ended(executionId);
		expect(execution.status).toBe('success');
		expect(jsonOf(execution, 'Phone')).toMatchObject([
			{ dry_run: true, to_number: '+919876543210' },
		]);
		expect(sandbox.seen.calls).toEqual([]);
		expect(sandbox.seen.requests.map(({ method }) => method)).not.toContain('POST');
	});
});
