/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/node-usable-as-tool -- never part of the package */
import {
	NodeApiError,
	NodeConnectionTypes,
	type ICredentialType,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type JsonObject,
} from 'n8n-workflow';
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { listen } from '../../sandbox/listen';
import { createEngine } from './engine';
import { LoopOverItems } from './loopOverItems';
import { resumesAfterStop } from './n8nCore';
import { startType } from './startNode';

const proofApi: ICredentialType = {
	name: 'proofApi',
	displayName: 'Proof API',
	properties: [
		{ displayName: 'API Key', name: 'apiKey', type: 'string', default: '' },
		{ displayName: 'Base URL', name: 'baseUrl', type: 'string', default: '' },
		{ displayName: 'Region', name: 'region', type: 'string', default: 'in' },
	],
	authenticate: {
		type: 'generic',
		properties: {
			headers: {
				authorization: '=Bearer {{$credentials.apiKey}}',
				'x-region': '={{$credentials.region}}',
			},
		},
	},
};

const answer = z.object({ statusCode: z.number(), body: z.unknown() });

/** Posts each item and remembers in its context which attempt it is in. */
class Proof implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Proof',
		name: 'proof',
		group: ['output'],
		version: 1,
		description: 'Posts each item',
		defaults: { name: 'Proof' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'proofApi', required: true }],
		properties: [
			{ displayName: 'Path', name: 'path', type: 'string', default: '/echo' },
			{ displayName: 'Name', name: 'name', type: 'string', default: '' },
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const context = this.getContext('node');
		const attempt = Number(context.attempt ?? 0) + 1;
		context.attempt = attempt;
		const runIndex = Number(this.getWorkflowDataProxy(0).$runIndex);
		const { baseUrl } = await this.getCredentials('proofApi');
		this.addExecutionHints({ message: `attempt ${attempt}`, location: 'outputPane' });

		const out: INodeExecutionData[] = [];
		for (const item of this.getInputData().keys()) {
			const path = String(this.getNodeParameter('path', item));
			const { statusCode, body } = answer.parse(
				await this.helpers.httpRequestWithAuthentication.call(this, 'proofApi', {
					method: 'POST',
					url: `${String(baseUrl)}${path}`,
					body: { name: this.getNodeParameter('name', item) },
					json: true,
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
				}),
			);
			const answered = z.looseObject({ name: z.string() }).parse(body);
			if (statusCode === 200) {
				out.push({ json: { ...answered, attempt, runIndex }, pairedItem: { item } });
			} else if (this.continueOnFail()) {
				const error = { code: 'REFUSED', status: statusCode };
				out.push({ json: { error }, pairedItem: { item } });
			} else {
				const failure: JsonObject = { message: `refused ${answered.name}`, attempt };
				throw new NodeApiError(this.getNode(), failure, {
					message: `refused ${answered.name}`,
					httpCode: String(statusCode),
				});
			}
		}
		return [out];
	}
}

/** Does nothing until the execution is stopped, then writes to its context and throws. */
class Patient implements INodeType {
	static started: () => void = () => {};

	description: INodeTypeDescription = {
		displayName: 'Patient',
		name: 'patient',
		group: ['output'],
		version: 1,
		description: 'Waits for Stop',
		defaults: { name: 'Patient' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties: [],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const context = this.getContext('node');
		if (context.beforeStop) return [[{ json: { ...context } }]];
		context.beforeStop = true;
		const signal = this.getExecutionCancelSignal();
		await new Promise<void>((resolve) => {
			signal?.addEventListener('abort', () => resolve(), { once: true });
			Patient.started();
		});
		context.afterStop = true;
		throw new Error('canceled: nothing more is sent');
	}
}

/** Keys recorded in one execution are known in the next. */
class Once implements INodeType {
	description: INodeTypeDescription = {
		...new Patient().description,
		displayName: 'Once',
		name: 'once',
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const keys = this.getInputData().map(({ json }) => String(json.key));
		const checked = await this.helpers.checkProcessedAndRecord(keys, 'node', { mode: 'entries' });
		return [[{ json: { new: checked.new, processed: checked.processed } }]];
	}
}

interface Seen {
	authorization: string | undefined;
	region: string | string[] | undefined;
	name: string;
}

let seen: Seen[] = [];
let refusals = 0;
let baseUrl = '';

const server = createServer((request, response) => {
	const chunks: Buffer[] = [];
	request.on('data', (chunk: Buffer) => chunks.push(chunk));
	request.on('end', () => {
		const { name } = z
			.object({ name: z.string() })
			.parse(JSON.parse(Buffer.concat(chunks).toString()));
		const { authorization, 'x-region': region } = request.headers;
		seen.push({ authorization, region, name });
		const refuse = request.url === '/refuse' || (request.url === '/flaky' && refusals-- > 0);
		response.writeHead(refuse ? 500 : 200, { 'content-type': 'application/json' });
		response.end(JSON.stringify({ name }));
	});
});

beforeAll(async () => {
	baseUrl = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(() => server.close());
beforeEach(() => {
	seen = [];
	refusals = 0;
});

const proof = () =>
	createEngine({
		nodeTypes: { 'test.proof': new Proof(), 'test.loop': new LoopOverItems() },
		credentialTypes: [proofApi],
		credentials: { proofApi: { apiKey: 'secret', baseUrl } },
	});

const people = [{ name: 'Asha' }, { name: 'Ravi' }];
const names = { name: '={{ $json.name }}' };

const node = (name: string, type: string, more: Partial<INode> = {}): INode => ({
	id: name,
	name,
	type,
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
	...more,
});

it('a node sends what its credential and expressions say', async () => {
	const run = await proof().run({
		items: people,
		node: { parameters: names, credentials: 'proofApi' },
	});

	expect(run.status).toBe('success');
	expect(run.success.map(({ json }) => json)).toEqual([
		{ name: 'Asha', attempt: 1, runIndex: 0 },
		{ name: 'Ravi', attempt: 1, runIndex: 0 },
	]);
	expect(run.success.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
	expect(seen).toEqual([
		{ authorization: 'Bearer secret', region: 'in', name: 'Asha' },
		{ authorization: 'Bearer secret', region: 'in', name: 'Ravi' },
	]);
	expect(run.hints.map(({ message }) => message)).toEqual(['attempt 1']);
});

it("a node gives failed items to the error output, with the input's fields", async () => {
	const run = await proof().run({
		items: [
			{ name: 'Asha', path: '/echo' },
			{ name: 'Ravi', path: '/refuse' },
		],
		node: {
			parameters: { ...names, path: '={{ $json.path }}' },
			credentials: 'proofApi',
			onError: 'continueErrorOutput',
		},
	});

	expect(run.status).toBe('success');
	expect(run.success.map(({ json }) => json.name)).toEqual(['Asha']);
	expect(run.errors.map(({ json }) => json)).toEqual([
		{ name: 'Ravi', path: '/refuse', error: { code: 'REFUSED', status: 500 } },
	]);
});

it('a node keeps its context through Retry On Fail', async () => {
	refusals = 1;
	const run = await proof().run({
		items: people,
		node: {
			parameters: { ...names, path: '/flaky' },
			credentials: 'proofApi',
			retryOnFail: true,
			maxTries: 2,
			waitBetweenTries: 1,
		},
	});

	expect(run.status).toBe('success');
	expect(run.success.map(({ json }) => json.attempt)).toEqual([2, 2]);
	expect(seen.map(({ name }) => name)).toEqual(['Asha', 'Asha', 'Ravi']);
});

it('a node keeps its context through "Retry execution", again and again', async () => {
	refusals = 2;
	const failed = await proof().run({
		items: people,
		node: { parameters: { ...names, path: '/flaky' }, credentials: 'proofApi' },
	});
	expect(failed.status).toBe('error');
	expect(failed.error).toMatchObject({ name: 'NodeApiError', message: 'refused Asha' });

	const failedAgain = await failed.retry();
	expect(failedAgain.status).toBe('error');

	const done = await failedAgain.retry();
	expect(done.status).toBe('success');
	expect(done.success.map(({ json }) => json)).toEqual([
		{ name: 'Asha', attempt: 3, runIndex: 0 },
		{ name: 'Ravi', attempt: 3, runIndex: 0 },
	]);
	await expect(done.retry()).rejects.toThrow('cannot be retried');
});

it('a node is retried with a workflow changed meanwhile', async () => {
	const failed = await proof().run({
		items: people,
		node: { parameters: { ...names, path: '/refuse' }, credentials: 'proofApi' },
	});

	const { nodes, connections } = failed.workflow;
	const changed = nodes.map((each) =>
		each.type === 'test.proof' ? { ...each, parameters: names } : each,
	);
	const done = await failed.retry({ workflow: { nodes: changed, connections } });

	expect(done.success.map(({ json }) => json.name)).toEqual(['Asha', 'Ravi']);
});

it('a node has the run index of its pass through a loop', async () => {
	const run = await proof().runWorkflow(
		{
			nodes: [
				node('Start', startType),
				node('Loop', 'test.loop'),
				node('Proof', 'test.proof', {
					parameters: names,
					credentials: { proofApi: { id: 'proofApi', name: 'proofApi' } },
				}),
			],
			connections: {
				Start: { main: [[{ node: 'Loop', type: 'main', index: 0 }]] },
				Loop: { main: [[], [{ node: 'Proof', type: 'main', index: 0 }]] },
				Proof: { main: [[{ node: 'Loop', type: 'main', index: 0 }]] },
			},
		},
		{ items: people },
	);

	expect(run.output('Loop').map(({ json }) => json)).toEqual([
		{ name: 'Asha', attempt: 1, runIndex: 0 },
		{ name: 'Ravi', attempt: 2, runIndex: 1 },
	]);
	expect(run.output('Proof', 0, 0).map(({ json }) => json.name)).toEqual(['Asha']);
});

async function interrupted(how: 'cancel' | 'timeOut') {
	const engine = createEngine({ nodeTypes: { 'test.patient': new Patient() } });
	const waiting = new Promise<void>((resolve) => {
		Patient.started = resolve;
	});
	const execution = await engine.start({ items: people, node: {} });
	await waiting;
	execution[how]();
	return await execution.finished;
}

it('a node that was stopped is told so', async () => {
	const run = await interrupted('cancel');

	expect(run.status).toBe('canceled');
	expect(run.success).toEqual([]);
});

it.runIf(resumesAfterStop)(
	'an execution that was stopped begins again from the trigger when retried, without its context',
	async () => {
		const run = await interrupted('cancel');
		Patient.started = () => again.cancel();
		const again = await run.startRetry();
		const retried = await again.finished;

		expect(retried.output('Start').map(({ json }) => json)).toEqual(people);
		expect(retried.data.executionData?.contextData).toEqual({
			'node:Patient': { beforeStop: true, afterStop: true },
		});
		const { establishedAt } = retried.data.executionData?.runtimeData ?? {};
		expect(establishedAt).toBe(run.data.executionData?.runtimeData?.establishedAt);
		expect(retried.data.resumeToken).toBe(run.data.resumeToken);
	},
);

it('a node is not run again when the timeout had struck', async () => {
	const run = await interrupted('timeOut');
	const retried = await run.retry();

	expect(retried.status).toBe('success');
	expect(retried.success).toEqual([]);
	expect(retried.data.executionData?.contextData).toEqual({
		'node:Patient': { beforeStop: true },
	});
});

it('a node finds the keys of earlier executions', async () => {
	const engine = createEngine({ nodeTypes: { 'test.once': new Once() } });
	await engine.run({ items: [{ key: 'a' }], node: {} });
	const run = await engine.run({ items: [{ key: 'a' }, { key: 'b' }], node: {} });

	expect(run.success.map(({ json }) => json)).toEqual([{ new: ['b'], processed: ['a'] }]);
});
