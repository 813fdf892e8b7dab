/* eslint-disable @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import type { INodeTypeDescription } from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/v4';

import { command } from './command';
import {
	executionSummary,
	hasEnded,
	hasItsData,
	storedExecution,
	type ExecutionSummary,
	type StoredExecution,
} from './execution';
import { main, N8nProcess } from './n8nProcess';
import { n8n2, type N8nVersion } from './n8nVersion';
import { eventually, RestClient, type Answer } from './rest';

/** The owner of an n8n with a folder of its own. */
export const defaultOwner: Owner = {
	email: 'owner@example.com',
	firstName: 'Own',
	lastName: 'Er',
	password: `Aa1-${randomUUID()}`,
};

const credential = z.object({ id: z.string(), name: z.string() });
const credentialTest = z.object({ status: z.enum(['OK', 'Error']), message: z.string() });
const workflow = z.object({ id: z.string(), versionId: z.string() });
const executionList = z.object({
	results: z.array(executionSummary),
	nextCursor: z.string().nullish(),
});
const started = z.object({ executionId: z.coerce.string() });
const settings = z.object({ userManagement: z.object({ showSetupOnFirstLoad: z.boolean() }) });
const anything = z.unknown();
const nodeTypes = z.array(
	z.custom<INodeTypeDescription>((type) => nodeType.safeParse(type).success),
);
const nodeType = z.looseObject({ name: z.string(), properties: z.array(z.unknown()) });

export type Credential = z.infer<typeof credential>;
export type CredentialTest = z.infer<typeof credentialTest>;
export type Workflow = z.infer<typeof workflow>;

export interface WorkflowJson {
	name?: string;
	nodes: object[];
	connections: object;
	settings?: object;
	pinData?: object;
}

export interface Owner {
	email: string;
	firstName: string;
	lastName: string;
	password: string;
}

/** A user folder that is kept when n8n stops. It may stem from an earlier n8n. */
export interface Home {
	folder: string;
	owner: Owner;
}

export interface StartOptions {
	/** A package to install as a community package. */
	tarball?: string;
	env?: Record<string, string>;
	/** Default: a temporary folder, removed when n8n stops. */
	home?: Home;
	/** Default: n8n 2. */
	version?: N8nVersion;
}

/** A running n8n, signed in as its owner. */
export class N8n {
	private constructor(
		readonly userFolder: string,
		private readonly version: N8nVersion,
		private readonly env: Record<string, string>,
		private process: N8nProcess,
		public rest: RestClient,
		private readonly home?: Home,
	) {}

	static async start({ tarball, env = {}, home, version = n8n2 }: StartOptions): Promise<N8n> {
		const userFolder = home?.folder ?? (await mkdtemp(join(tmpdir(), 'n8n-e2e-')));
		try {
			if (tarball !== undefined) await installPackage(tarball, userFolder);
			const process = await N8nProcess.start(userFolder, env, main, version);
			const n8n = new N8n(userFolder, version, env, process, new RestClient(process.baseUrl), home);
			try {
				await n8n.signIn();
				return n8n;
			} catch (error) {
				await process.stop();
				throw error;
			}
		} catch (error) {
			if (!home) await rm(userFolder, { recursive: true, force: true });
			throw error;
		}
	}

	get baseUrl(): string {
		return this.process.baseUrl;
	}

	get log(): string {
		return this.process.log;
	}

	/** The memory that the process takes, in MB. */
	async memory(): Promise<number> {
		const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
		return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
	}

	/** The CPU time that the process has used, in seconds. */
	async cpuSeconds(): Promise<number> {
		const stat = await readFile(`/proc/${this.process.pid}/stat`, 'utf8');
		// utime and stime, in hundredths of a second (proc(5)).
		const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
		return (Number(user) + Number(system)) / 100;
	}

	get pid(): number | undefined {
		return this.process.pid;
	}

	get hasEnded(): boolean {
		return this.process.hasEnded;
	}

	async createCredential(type: string, name: string, data: object): Promise<Credential> {
		return await this.rest.call('POST', '/credentials', credential, { type, name, data });
	}

	/** The connection test that n8n runs when a user saves a credential. */
	async testCredential(type: string, data: object): Promise<CredentialTest> {
		const name = 'Tested';
		const saved = this.version.testsOnlySaved && (await this.createCredential(type, name, data));
		const credentials = { id: saved ? saved.id : '', name, type, data };
		return await this.rest.call('POST', '/credentials/test', credentialTest, { credentials });
	}

	async createWorkflow({ name = 'Workflow', settings, ...json }: WorkflowJson): Promise<Workflow> {
		const body = {
			...this.version.newWorkflow,
			...{ name, settings: { executionOrder: 'v1', ...settings } },
			...json,
		};
		return await this.rest.call('POST', '/workflows', workflow, body);
	}

	async activate(saved: Workflow): Promise<void> {
		const { method, path, body } = this.version.activation(saved);
		await this.rest.call(method, path, anything, body);
	}

	/** Calls a production webhook. Retries a 404: an activated webhook is registered a little later. */
	async callWebhook(path: string, body?: unknown): Promise<Answer> {
		return await eventually(`webhook ${path}`, 60, async () => {
			const answer = await this.rest.send('POST', `/webhook/${path}`, body ?? {});
			return answer.status === 404 ? undefined : answer;
		});
	}

	/**
	 * "Execute workflow" in the editor.
	 * @param trigger the name of the node to start from
	 * @param json the trigger's output; without it the trigger runs
	 */
	async runManually(saved: Workflow, trigger: string, json?: object): Promise<StoredExecution> {
		return await this.ended(await this.startManually(saved, trigger, json));
	}

	/** As `runManually`, without waiting for the end. @returns the id of the execution */
	async startManually({ id }: Workflow, trigger: string, json?: object): Promise<string> {
		const data = {
			...{ startTime: 0, executionTime: 0, executionIndex: 0, source: [] },
			data: { main: [[{ json }]] },
		};
		const { executionId } = await this.rest.call('POST', `/workflows/${id}/run`, started, {
			triggerToStartFrom: { name: trigger, ...(json && { data }) },
		});
		return executionId;
	}

	/**
	 * "Execute step" in the editor, after an execution in it: n8n takes what earlier nodes gave.
	 * @param nodeName of the step
	 */
	async executeStep(
		{ id }: Workflow,
		nodeName: string,
		{ data }: StoredExecution,
	): Promise<StoredExecution> {
		const { executionId } = await this.rest.call('POST', `/workflows/${id}/run`, started, {
			runData: data.resultData.runData,
			destinationNode: { nodeName, mode: 'inclusive' },
			dirtyNodeNames: [],
		});
		return await this.ended(executionId);
	}

	/** Waits until an execution waits at a node, which n8n has then stored. */
	async waitsAt(id: string, nodeName: string): Promise<StoredExecution> {
		return await eventually(`Execution ${id} waiting at ${nodeName}`, 180, async () => {
			const { status } = await this.rest.call('GET', `/executions/${id}`, executionSummary);
			if (status !== 'waiting' && status !== 'running') {
				throw new Error(`Execution ${id} has ended: ${status}`);
			}
			if (status === 'running') return undefined;
			const execution = await this.execution(id);
			return execution.data.resultData.lastNodeExecuted === nodeName ? execution : undefined;
		});
	}

	/** The descriptions of all nodes, including those of installed packages. */
	async nodeTypes(): Promise<INodeTypeDescription[]> {
		const { body } = await this.rest.send('GET', '/types/nodes.json');
		return nodeTypes.parse(body);
	}

	/** The latest executions of a workflow, newest first. */
	async executions(workflowId: string, limit = 20): Promise<ExecutionSummary[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const path = `/executions?limit=${limit}&filter=${filter}`;
		const { results } = await this.rest.call('GET', path, executionList);
		return results;
	}

	/** All executions of a workflow, newest first. n8n 2 only. */
	async allExecutions(workflowId: string): Promise<ExecutionSummary[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const all: ExecutionSummary[] = [];
		for (let cursor = ''; ; ) {
			const path = `/executions?limit=100&filter=${filter}${cursor}`;
			const { results, nextCursor } = await this.rest.call('GET', path, executionList);
			all.push(...results);
			// Each page begins with those that are running.
			if (!nextCursor) return [...new Map(all.map((one) => [one.id, one])).values()];
			cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
		}
	}

	/** An execution whose data are those of its status, for which it waits a moment in n8n 1. */
	async execution(id: string): Promise<StoredExecution> {
		return await eventually(`The data of execution ${id}`, 60, async () => {
			const execution = await this.rest.call('GET', `/executions/${id}`, storedExecution);
			return hasItsData(execution) ? execution : undefined;
		});
	}

	/** Waits until an execution has ended. */
	async ended(id: string, seconds = 180): Promise<StoredExecution> {
		return await eventually(`Execution ${id} ending`, seconds, async () => {
			const summary = await this.rest.call('GET', `/executions/${id}`, executionSummary);
			if (!hasEnded(summary)) return undefined;
			// After a restart, n8n may take it up again in between.
			const execution = await this.execution(id);
			return hasEnded(execution) ? execution : undefined;
		});
	}

	/**
	 * Waits for the end of a workflow's first execution.
	 * @param after the id of an execution: waits for the first one after it
	 */
	async waitForExecution(
		workflowId: string,
		{ after = '0', seconds = 180 }: { after?: string; seconds?: number } = {},
	): Promise<StoredExecution> {
		const id = await eventually('An execution that ended', seconds, async () => {
			const newer = (await this.executions(workflowId)).filter(
				(execution) => Number(execution.id) > Number(after),
			);
			const first = newer.at(-1);
			return first !== undefined && hasEnded(first) ? first.id : undefined;
		});
		return await this.execution(id);
	}

	/** "Retry execution". With `loadWorkflow` it uses the current workflow, else the original one. */
	async retryExecution(id: string, { loadWorkflow = false } = {}): Promise<StoredExecution> {
		const retried = await this.rest.call('POST', `/executions/${id}/retry`, executionSummary, {
			loadWorkflow,
		});
		return await this.ended(retried.id);
	}

	async stopExecution(id: string): Promise<void> {
		await this.rest.call('POST', `/executions/${id}/stop`, anything);
	}

	/** Stops n8n and starts it again on the same user folder. */
	async restart(): Promise<void> {
		await this.process.stop();
		await this.startAgain();
	}

	/** Kills n8n and starts it again on the same user folder. */
	async crash(): Promise<void> {
		await this.process.kill();
		await this.startAgain();
	}

	async stop(): Promise<void> {
		try {
			await this.process.stop();
		} finally {
			if (!this.home) await rm(this.userFolder, { recursive: true, force: true });
		}
	}

	private async startAgain(): Promise<void> {
		this.process = await N8nProcess.start(this.userFolder, this.env, main, this.version);
		this.rest = new RestClient(this.process.baseUrl);
		await this.signIn();
	}

	/** Signs in as the owner. A new n8n has no owner yet, so the owner is created. */
	private async signIn(): Promise<void> {
		const owner = this.home?.owner ?? defaultOwner;
		const { email, password } = owner;
		const { userManagement } = await this.rest.call('GET', '/settings', settings);
		if (userManagement.showSetupOnFirstLoad) {
			await this.rest.call('POST', '/owner/setup', anything, owner);
		} else {
			await this.rest.call('POST', '/login', anything, { emailOrLdapLoginId: email, password });
		}
	}
}

/** Installs a tarball, even over the same version: its content may differ. */
async function installPackage(tarball: string, userFolder: string): Promise<void> {
	const packages = join(userFolder, '.n8n', 'nodes');
	const packageJson = join(packages, 'package.json');
	await mkdir(packages, { recursive: true });
	if (!existsSync(packageJson)) {
		await writeFile(packageJson, JSON.stringify({ name: 'installed-nodes', private: true }));
	}
	const offline = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps'];
	await command('npm', ['install', tarball, ...offline], packages);
}

export const startN8n = async (options: StartOptions): Promise<N8n> => await N8n.start(options);
