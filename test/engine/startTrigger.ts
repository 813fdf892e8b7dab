/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	INode,
	INodeExecutionData,
	INodeParameters,
	IRunExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, vi } from 'vitest';
import * as z from 'zod/v4';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2Trigger } from '../../nodes/Twenty2/Twenty2Trigger.node';
import { deliver } from '../../sandbox';
import { listen } from '../../sandbox/listen';
import { core, onN8n1, workflowPackage } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { provideProcessedKeys } from './processedKeys';
import { StoredCredentials } from './storedCredentials';
import { StoredExecution } from './storedExecution';
import { surroundingsOf } from './surroundings';

const type = 'n8n-nodes-twenty2.twenty2Trigger';
const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };

export interface Delivered {
	status: number;
	message: unknown;
}

/** An execution that a delivery has started, once it has ended. */
export interface Execution {
	/** Of a failed one. */
	error: string | undefined;
	/** What the user can do about it. */
	description: unknown;
	/** What an Error Trigger workflow reads of a failed one. */
	code: unknown;
	hints: string[];
	/** The items that it went on with behind the trigger. */
	items: INodeExecutionData[];
	/** "Retry execution". */
	retry(): Promise<Execution>;
}

export interface Trigger {
	url: string;
	/** The executions that deliveries have started, in the order of their end. */
	executions: Execution[];
	/** The items that executions went on with behind the trigger, in the same order. */
	started: unknown[];
	/** The messages of deliveries and executions that failed at the trigger. */
	failed: string[];
	/** How many executions are going on. */
	readonly running: number;
	/** The workflow's static data in n8n's database. */
	staticData: IDataObject;
	/** How often the trigger's credential was read. */
	readonly credentialReads: number;
	/** The node uses another credential of the API key, by its name. */
	use(credential: string): void;
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
	/** By name, which is their type where the node uses them at first; without it both, for the sandbox. */
	credentials?: Record<string, ICredentialDataDecryptedObject>;
	mode?: WorkflowExecuteMode;
}

/**
 * The request as n8n's server reads it (`parse-incoming-message.js` and `middlewares/body-parser.js`), but
 * for XML. Of a type that it does not know, there are the bytes and no body.
 * @throws what says that the body is not of its type
 */
async function parsed(request: IncomingMessage) {
	const [type, ...parameters] = request.headers['content-type']?.split(';') ?? [];
	const contentType = type?.toLowerCase();
	const charset = parameters.map((one) => /^\s*charset="?([^"]*)"?$/i.exec(one)?.[1]).find(Boolean);
	const encoding = type === undefined ? undefined : (charset ?? 'utf-8').toLowerCase();
	if (contentType?.startsWith('multipart/')) return { contentType, encoding, body: {} };
	const rawBody = await buffer(request);
	const text = () => rawBody.toString(z.custom<BufferEncoding>().optional().parse(encoding));
	const bodyAs: Record<string, () => unknown> = {
		'application/json': () => JSON.parse(text()),
		'application/x-www-form-urlencoded': () => Object.fromEntries(new URLSearchParams(text())),
		'text/plain': text,
	};
	const body = rawBody.length > 0 ? bodyAs[contentType ?? '']?.() : undefined;
	return { contentType, encoding, rawBody, body };
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
	const types = [new Twenty2Api(), new Twenty2WorkspaceApi()];
	const credentialsHelper = new StoredCredentials(types, stored);
	const node: INode = {
		id: randomUUID(),
		name: 'Twenty2 Trigger',
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: Object.fromEntries(
			Object.keys(stored)
				.filter((name) => types.some((credential) => credential.name === name))
				.map((name) => [name, { id: name, name }]),
		),
	};
	const workflow = { id: randomUUID(), name: 'Workflow', nodes: [node], connections: {} };
	const asSaved = { active: true, activeVersionId: null, isArchived: false };
	const dates = { createdAt: new Date(), updatedAt: new Date() };

	let nodeType = new Twenty2Trigger();
	const started: unknown[] = [];
	const failed: string[] = [];
	const open = new Set<Promise<unknown>>();
	const executions: Execution[] = [];
	let executionIds = 0;
	let running = 0;

	const load = () =>
		new workflowPackage.Workflow({
			...structuredClone(workflow),
			active: true,
			nodeTypes: new GivenNodeTypes({ [type]: nodeType }),
			staticData: structuredClone(trigger.staticData),
		});

	const surroundings = (of: WorkflowExecuteMode) => {
		const saved = { ...workflow, ...asSaved, ...dates };
		const hooks = new core.ExecutionLifecycleHooks(of, String(++executionIds), saved);
		return { hooks, additionalData: surroundingsOf(hooks, credentialsHelper) };
	};

	/** An execution as n8n's engine carries it out. It begins with the node itself. */
	const execute = async (data: IRunExecutionData, of: WorkflowExecuteMode): Promise<Execution> => {
		const loaded = load();
		const { hooks, additionalData } = surroundings(of);
		const stored = new StoredExecution(data);
		hooks.addHandler('workflowExecuteAfter', (run) => stored.save(run));
		if (!onN8n1 && of !== 'retry') await core.establishExecutionContext(loaded, data, {}, of);
		running++;
		const run = await new core.WorkflowExecute(additionalData, of, data)
			.processRunExecutionData(loaded)
			.finally(() => running--);
		const { runData, error } = run.data.resultData;
		const [ran] = runData[node.name]?.slice(-1) ?? [];
		const execution: Execution = {
			error: error?.message,
			description: z.looseObject({ description: z.unknown() }).safeParse(error).data?.description,
			code: z.looseObject({ code: z.unknown() }).safeParse(error).data?.code,
			hints: ran?.hints?.map(({ message }) => message) ?? [],
			items: ran?.data?.main?.[0]?.map(({ json }) => ({ json })) ?? [],
			retry: async () =>
				await execute(
					stored.dataForRetry((name) => load().getNode(name)),
					'retry',
				),
		};
		executions.push(execution);
		started.push(...execution.items);
		if (error) failed.push(error.message);
		return execution;
	};

	const receive = async (httpRequest: unknown, httpResponse: unknown) => {
		const loaded = load();
		const additionalData = { ...surroundings(mode).additionalData, httpRequest, httpResponse };
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

		const [items = []] = result.workflowData;
		const data = workflowPackage.createRunExecutionData({
			executionData: {
				nodeExecutionStack: [{ node: filled, data: { main: [items] }, source: null }],
			},
		});
		await execute(data, mode);
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
		const done = parsed(request)
			.then(
				async (read) => await receive(Object.assign(request, { ...read, query }), response),
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
		executions,
		started,
		failed,
		get running() {
			return running;
		},
		staticData: {},
		use(credential) {
			node.credentials = { twenty2Api: { id: credential, name: credential } };
		},
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
