import type {
	ExecutionError,
	ExecutionStatus,
	ICredentialDataDecryptedObject,
	ICredentialType,
	IDataObject,
	INodeExecutionData,
	INodeType,
	IRunExecutionData,
	IWorkflowSettings,
	NodeExecutionHint,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { randomUUID } from 'node:crypto';

import { core, onN8n1, workflowPackage } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { provideProcessedKeys } from './processedKeys';
import { workflowAround, type NodeUnderTest, type WorkflowJson } from './singleNode';
import { Start, startType } from './startNode';
import { StoredCredentials } from './storedCredentials';
import { StoredExecution } from './storedExecution';
import { surroundingsOf } from './surroundings';

export type { NodeUnderTest, WorkflowJson } from './singleNode';

export interface EngineOptions {
	/** By full name, as in a workflow's JSON: `n8n-nodes-twenty2.twenty2`. */
	nodeTypes: Record<string, INodeType>;
	credentialTypes?: ICredentialType[];
	/** By the name a node refers to. */
	credentials?: Record<string, ICredentialDataDecryptedObject>;
}

export interface SingleNodeRun {
	items: IDataObject[] | INodeExecutionData[];
	node: NodeUnderTest;
	settings?: IWorkflowSettings;
	/** How it is started; without it, by a webhook. `manual` is from the editor. */
	mode?: WorkflowExecuteMode;
}

export interface WorkflowRun {
	/** What the trigger emits. */
	items: IDataObject[] | INodeExecutionData[];
	/** The trigger; without it, the node n8n would start from. */
	start?: string;
	/** Whose items `success`, `errors` and `hints` are; without it, the last in `nodes`. */
	observe?: string;
	mode?: WorkflowExecuteMode;
}

export interface Run {
	status: ExecutionStatus;
	/** The execution's error as n8n keeps it and shows it to an Error Trigger workflow. */
	error: ExecutionError | undefined;
	/** First and second output of the observed node, in its last run. */
	success: INodeExecutionData[];
	errors: INodeExecutionData[];
	hints: NodeExecutionHint[];
	data: IRunExecutionData;
	workflow: WorkflowJson;
	/** Items of an output; without `runIndex`, of the node's last run. */
	output(nodeName: string, output?: number, runIndex?: number): INodeExecutionData[];
	/** "Retry execution", with the stored workflow or with a changed one. */
	retry(change?: { workflow?: WorkflowJson }): Promise<Run>;
	startRetry(change?: { workflow?: WorkflowJson }): Promise<RunningExecution>;
}

export interface RunningExecution {
	/** Resolves however the execution ends, also when it was cancelled. */
	finished: Promise<Run>;
	/** Stop, as in the editor. With `unsaved`, it is retried before n8n 1 has saved it. */
	cancel(how?: { unsaved?: boolean }): void;
	/** What n8n does when the workflow's timeout strikes. */
	timeOut(): void;
	/**
	 * The same execution once more, from what n8n stored when it began: by "Retry execution" after its process
	 * was killed, or by n8n 1's queue because its worker stood still. This one is not ended by that.
	 */
	startAgain(how: { by: 'retry' | 'queue'; workflow?: WorkflowJson }): RunningExecution;
}

export interface Engine {
	run(what: SingleNodeRun): Promise<Run>;
	start(what: SingleNodeRun): Promise<RunningExecution>;
	runWorkflow(workflow: WorkflowJson, how: WorkflowRun): Promise<Run>;
	startWorkflow(workflow: WorkflowJson, how: WorkflowRun): Promise<RunningExecution>;
}

const isItem = (item: IDataObject | INodeExecutionData): item is INodeExecutionData =>
	typeof item.json === 'object' && item.json !== null;

const asItem = (item: IDataObject | INodeExecutionData): INodeExecutionData =>
	isItem(item) ? item : { json: item };

export function createEngine({
	nodeTypes: given,
	credentialTypes = [],
	credentials = {},
}: EngineOptions): Engine {
	const nodeTypes = new GivenNodeTypes({ [startType]: new Start(), ...given });
	const credentialsHelper = new StoredCredentials(credentialTypes, credentials);
	// One workflow to n8n, whatever runs in it: what outlives an execution belongs to its id.
	const asSaved = {
		id: randomUUID(),
		name: 'Workflow under test',
		active: true,
		activeVersionId: null,
		isArchived: false,
		createdAt: new Date(),
		updatedAt: new Date(),
	};
	let executions = 0;

	function execute(
		json: WorkflowJson,
		observe: string,
		mode: WorkflowExecuteMode,
		data: IRunExecutionData,
		id = String((executions += 1)),
	): RunningExecution {
		const workflow = workflowOf(json);
		const stored = new StoredExecution(data);
		const hooks = new core.ExecutionLifecycleHooks(mode, id, {
			...asSaved,
			...json,
		});
		hooks.addHandler('workflowExecuteAfter', (run) => stored.save(run));
		const surroundings = surroundingsOf(hooks, credentialsHelper);
		const running = new core.WorkflowExecute(surroundings, mode, data).processRunExecutionData(
			workflow,
		);
		const startRetry: Run['startRetry'] = async ({ workflow: changed } = {}) => {
			const current = changed && workflowOf(changed);
			const rest = stored.dataForRetry(current && ((name) => current.getNode(name)));
			return execute(changed ?? json, observe, 'retry', rest);
		};
		const finished = running.then(({ status, data: done }): Run => {
			const { runData, error } = done.resultData;
			const output = (nodeName: string, index = 0, runIndex = -1) =>
				runData[nodeName]?.at(runIndex)?.data?.main?.[index] ?? [];
			return {
				status,
				error,
				success: output(observe),
				errors: output(observe, 1),
				hints: (runData[observe] ?? []).flatMap(({ hints = [] }) => hints),
				data: done,
				workflow: json,
				output,
				startRetry,
				retry: async (change) => await (await startRetry(change)).finished,
			};
		});
		return {
			finished,
			cancel: ({ unsaved = false } = {}) => {
				stored.stop(unsaved);
				running.cancel();
			},
			timeOut: () => running.cancel(),
			startAgain: ({ by, workflow: changed }) => {
				const current = changed && workflowOf(changed);
				const begun = stored.dataAtBegin(current && ((name) => current.getNode(name)));
				const [nextMode, nextId] = by === 'queue' ? [mode, id] : (['retry', undefined] as const);
				return execute(changed ?? json, observe, nextMode, begun, nextId);
			},
		};
	}

	function workflowOf({ nodes, connections, settings }: WorkflowJson) {
		return new workflowPackage.Workflow({
			id: asSaved.id,
			name: asSaved.name,
			// n8n fills defaults into the nodes it is given; the caller's JSON stays as it is.
			nodes: structuredClone(nodes),
			connections,
			active: true,
			nodeTypes,
			settings: { executionOrder: 'v1', ...settings },
		});
	}

	async function startWorkflow(
		json: WorkflowJson,
		{ items, start, observe = json.nodes.at(-1)?.name ?? '', mode = 'webhook' }: WorkflowRun,
	): Promise<RunningExecution> {
		await provideProcessedKeys();
		const workflow = workflowOf(json);
		const node = start === undefined ? workflow.getStartNode() : workflow.getNode(start);
		if (!node) throw new Error('The workflow has no node to start from');
		const data = workflowPackage.createRunExecutionData({
			executionData: {
				nodeExecutionStack: [{ node, data: { main: [items.map(asItem)] }, source: null }],
			},
		});
		if (!onN8n1) {
			// n8n does this before it stores what an execution begins with. The engine of n8n 1 does it later.
			await core.establishExecutionContext(workflow, data, {}, mode);
		}
		return execute(json, observe, mode, data);
	}

	async function startSingle({ node, settings, items, mode }: SingleNodeRun) {
		const json = workflowAround(node, given, settings);
		// The editor executes a step with what the nodes before it gave.
		const start = mode === 'manual' ? node.name : undefined;
		return await startWorkflow(json, { items, mode, start });
	}

	return {
		startWorkflow,
		start: startSingle,
		runWorkflow: async (json, how) => await (await startWorkflow(json, how)).finished,
		run: async (what) => await (await startSingle(what)).finished,
	};
}
