/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { listen } from '../../sandbox/listen';
import { printFigure } from '../e2e/figure';
import { startN8n, type Credential, type N8n, type WorkflowJson } from '../e2e/n8n';
import { packProbe } from '../e2e/probePackage';
import { eventually } from '../e2e/rest';

const apiKey = 'right';
let refusals = 0;
let hanging = 0;

const server = createServer((request, response) => {
	const answer = (status: number, body: object) => {
		response.writeHead(status, { 'content-type': 'application/json' });
		response.end(JSON.stringify(body));
	};
	request.resume();
	request.on('end', () => {
		if (request.headers.authorization !== `Bearer ${apiKey}`) answer(401, { message: 'no' });
		else if (request.url === '/flaky' && refusals-- > 0) answer(500, { message: 'later' });
		else if (request.url === '/hang') hanging += 1;
		else answer(200, { answered: request.url });
	});
});

let folder = '';
let baseUrl = '';
let n8n: N8n;
let credential: Credential;

beforeAll(async () => {
	baseUrl = `http://127.0.0.1:${await listen(server)}`;

	folder = await mkdtemp(join(tmpdir(), 'n8n-probe-'));
	const tarball = await packProbe(folder);
	const start = Date.now();
	n8n = await startN8n({ tarball });
	printFigure({ what: 'n8n ready', value: (Date.now() - start) / 1000, unit: 's' });
	credential = await n8n.createCredential('probeApi', 'Probe', { apiKey, baseUrl });
});

afterAll(async () => {
	await n8n?.stop();
	await rm(folder, { recursive: true, force: true });
	server.closeAllConnections();
	server.close();
});

const webhook = (path: string) => ({
	id: 'webhook',
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	position: [0, 0],
	webhookId: path,
	parameters: { httpMethod: 'POST', path, responseMode: 'lastNode' },
});

const manual = {
	id: 'manual',
	name: 'Manual',
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const probed = (trigger: { name: string }, path: string): WorkflowJson => ({
	name: path,
	nodes: [
		trigger,
		{
			id: 'probe',
			name: 'Probe',
			type: 'n8n-nodes-probe.probe',
			typeVersion: 1,
			position: [200, 0],
			parameters: { path },
			credentials: { probeApi: credential },
		},
	],
	connections: { [trigger.name]: { main: [[{ node: 'Probe', type: 'main', index: 0 }]] } },
});

describe('a package in a real n8n', () => {
	it('A package in a real n8n has its credential tested', async () => {
		const right = await n8n.testCredential('probeApi', { apiKey, baseUrl });
		const wrong = await n8n.testCredential('probeApi', { apiKey: 'wrong', baseUrl });

		expect(right.status).toBe('OK');
		expect(wrong.status).toBe('Error');
	});

	it('A package in a real n8n answers a webhook', async () => {
		await n8n.activate(await n8n.createWorkflow(probed(webhook('plain'), '/plain')));
		const { status, body } = await n8n.callWebhook('plain', { lead: 1 });

		expect(status).toBe(200);
		expect(body).toEqual({ answered: '/plain', tries: 1, runIndex: 0 });
	});

	it('A package in a real n8n is run from the editor', async () => {
		const workflow = await n8n.createWorkflow(probed(manual, '/manual'));
		const { status, data } = await n8n.runManually(workflow, 'Manual');

		expect(status).toBe('success');
		expect(data.resultData.runData.Probe?.[0]?.data?.main?.[0]?.[0]?.json).toEqual({
			answered: '/manual',
			tries: 1,
			runIndex: 0,
		});
	});

	it('A package in a real n8n fails and, retried, still has its context', async () => {
		refusals = 1;
		const workflow = await n8n.createWorkflow(probed(webhook('flaky'), '/flaky'));
		await n8n.activate(workflow);
		await n8n.callWebhook('flaky');
		const failed = await n8n.waitForExecution(workflow.id);

		expect(failed.status).toBe('error');
		expect(failed.data.resultData.error?.httpCode).toBe('500');
		expect(failed.data.executionData?.contextData).toEqual({ 'node:Probe': { tries: 1 } });

		const retried = await n8n.retryExecution(failed.id);
		expect(retried).toMatchObject({ status: 'success', mode: 'retry', retryOf: failed.id });
		expect(retried.data.resultData.runData.Probe?.map(({ data }) => data?.main?.[0])).toMatchObject(
			[[{ json: { tries: 2, runIndex: 0 } }]],
		);
	});

	it('A package in a real n8n loses its context when the execution is stopped', async () => {
		const workflow = await n8n.createWorkflow(probed(webhook('hang'), '/hang'));
		await n8n.activate(workflow);
		const answered = n8n.callWebhook('hang');
		await eventually('The request', 60, async () => hanging === 1 || undefined);
		const [running] = await n8n.executions(workflow.id);
		await n8n.stopExecution(running?.id ?? '');
		const stopped = await n8n.waitForExecution(workflow.id);
		await answered;

		expect(stopped.status).toBe('canceled');
		expect(stopped.data.resultData.runData).toEqual({});
		expect(stopped.data.executionData).toMatchObject({
			contextData: {},
			nodeExecutionStack: [{ node: { name: 'Webhook' } }],
		});
	});

	it('A package in a real n8n is still there after a restart', async () => {
		await n8n.restart();
		const { body } = await n8n.callWebhook('plain');

		expect(body).toMatchObject({ answered: '/plain' });
	});
});
