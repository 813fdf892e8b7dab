/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	IExecuteFunctions,
	INode,
	INodeParameters,
	IWebhookFunctions,
	IWebhookResponseData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, vi } from 'vitest';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2Trigger } from '../../nodes/Twenty2/Twenty2Trigger.node';
import { deliver } from '../../sandbox';
import { listen } from '../../sandbox/listen';
import { core, workflowPackage } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { provideProcessedKeys } from './processedKeys';
import { StoredCredentials } from './storedCredentials';
import { surroundingsOf } from './surroundings';

const type = 'n8n-nodes-twenty2.twenty2Trigger';
const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };

export interface Delivered {
	status: number;
	message: unknown;
}

export interface Trigger {
	url: string;
	/** The items that executions went on with behind the trigger, in the order of their start. */
	started: unknown[];
	/** The messages of executions that failed at the trigger. */
	failed: string[];
	/** The workflow's static data in n8n's database. */
	staticData: IDataObject;
	/** How often the trigger's credential was read. */
	readonly credentialReads: number;
	send(body: unknown, query?: string): Promise<Delivered>;
	/** Resolves when nothing is going on any more. */
	quiet(): Promise<void>;
	close(): void;
	/** n8n ends and starts again: what was in memory is gone. */
	restart(): Promise<void>;
}

export interface Given {
	/** Of Twenty2, for the credentials. */
	baseUrl: string;
	parameters?: INodeParameters;
	/** By type; without it both, for the sandbox. */
	credentials?: Record<string, ICredentialDataDecryptedObject>;
	mode?: WorkflowExecuteMode;
}

/**
 * The body as n8n's server parses it (`middlewares/body-parser.js`), but for XML. Without a type that it
 * knows, there is none.
 * @throws SyntaxError when it says that it is JSON and is none
 */
async function parsedBody(request: IncomingMessage): Promise<unknown> {
	const [type] = (request.headers['content-type'] ?? '').split(';');
	const content = await text(request);
	switch (type?.trim().toLowerCase()) {
		case 'application/json':
			return content === '' ? undefined : JSON.parse(content);
		case 'application/x-www-form-urlencoded':
			return Object.fromEntries(new URLSearchParams(content));
		case 'text/plain':
			return content;
		default:
			return {};
	}
}

/** What n8n's server does with deliveries to one node: `live-webhooks.js` and `webhook-helpers.js`. */
export async function startTrigger({
	baseUrl,
	parameters = {},
	credentials,
	mode = 'webhook',
}: Given): Promise<Trigger> {
	await provideProcessedKeys();
	const account = { apiKey: 'sandbox-key', baseUrl, ...limits };
	const pair = { apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' };
	const stored = credentials ?? {
		twenty2Api: account,
		twenty2WorkspaceApi: { ...account, ...pair },
	};
	const credentialsHelper = new StoredCredentials(
		[new Twenty2Api(), new Twenty2WorkspaceApi()],
		stored,
	);
	const node: INode = {
		id: randomUUID(),
		name: 'Twenty2 Trigger',
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: Object.fromEntries(Object.keys(stored).map((name) => [name, { id: name, name }])),
	};
	const workflow = { id: randomUUID(), name: 'Workflow', nodes: [node], connections: {} };
	const asSaved = { active: true, activeVersionId: null, isArchived: false };
	const dates = { createdAt: new Date(), updatedAt: new Date() };

	let nodeType = new Twenty2Trigger();
	const started: unknown[] = [];
	const failed: string[] = [];
	const open = new Set<Promise<unknown>>();

	const run = async (httpRequest: unknown, httpResponse: unknown) => {
		const loaded = new workflowPackage.Workflow({
			...structuredClone(workflow),
			active: true,
			nodeTypes: new GivenNodeTypes({ [type]: nodeType }),
			staticData: structuredClone(trigger.staticData),
		});
		const hooks = new core.ExecutionLifecycleHooks(mode, '1', {
			...workflow,
			...asSaved,
			...dates,
		});
		const additionalData = {
			...surroundingsOf(hooks, credentialsHelper),
			httpRequest,
			httpResponse,
		};
		const [webhookDescription] = nodeType.description.webhooks ?? [];
		// With the defaults of the fields that its JSON leaves out.
		const filled = loaded.getNode(node.name);
		if (!webhookDescription || !filled) throw new Error('The node has no webhook');
		const context: IWebhookFunctions = new core.WebhookContext(
			loaded,
			filled,
			additionalData,
			mode,
			{
				httpMethod: 'POST',
				node: node.name,
				path: webhookDescription.path,
				webhookDescription,
				workflowId: workflow.id,
				workflowExecuteAdditionalData: additionalData,
			},
			[],
			null,
		);
		const result: IWebhookResponseData = await nodeType.webhook.call(context);
		if (loaded.staticData.__dataChanged === true) {
			trigger.staticData = JSON.parse(JSON.stringify(loaded.staticData));
		}
		expect(result.noWebhookResponse).toBe(true);
		if (!result.workflowData) return;

		// The execution begins with the node itself.
		const [items = []] = result.workflowData;
		const data = workflowPackage.createRunExecutionData();
		const stack = { node: filled, data: { main: [items] }, source: null };
		const execution: IExecuteFunctions = new core.ExecuteContext(
			loaded,
			filled,
			additionalData,
			mode,
			data,
			0,
			items,
			stack.data,
			stack,
			[],
		);
		started.push(...(await nodeType.execute.call(execution)).flat());
	};

	const server = createServer((request, response) => {
		const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
		const query = Object.fromEntries(
			[...searchParams.keys()].map((name) => {
				const values = searchParams.getAll(name);
				return [name, values.length > 1 ? values : values[0]];
			}),
		);
		const answerError = (status: number, { message, name }: Error) => {
			response.writeHead(status);
			response.end(JSON.stringify({ message, name }));
		};
		const done = parsedBody(request)
			.then(
				async (body) => await run(Object.assign(request, { body, query }), response),
				(error: Error) => answerError(422, error),
			)
			.catch((error: Error) => {
				failed.push(error.message);
				answerError(500, error);
			})
			.finally(() => open.delete(done));
		open.add(done);
	});
	const port = await listen(server);

	const trigger: Trigger = {
		url: `http://127.0.0.1:${port}/webhook`,
		started,
		failed,
		staticData: {},
		get credentialReads() {
			return credentialsHelper.reads;
		},
		async send(body, query = '') {
			const { status, body: text } = await deliver(trigger.url + query, body, 60_000);
			return { status, message: JSON.parse(text).message };
		},
		async quiet() {
			while (open.size > 0) await Promise.all(open);
		},
		close() {
			server.close();
		},
		async restart() {
			vi.resetModules();
			const fresh = await import('../../nodes/Twenty2/Twenty2Trigger.node');
			nodeType = new fresh.Twenty2Trigger();
		},
	};
	return trigger;
}
