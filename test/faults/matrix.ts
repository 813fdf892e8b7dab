import { vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { NodeUnderTest, Run, RunningExecution } from '../engine/engine';
import { startTrigger } from '../engine/startTrigger';
import { createCallNode, engineFor, getCallNode, phone, twenty2Type } from '../engine/twenty2';
import { runUntilDone, untilSettled } from '../engine/virtualTime';
import { faults, type Fault, type GenerationName } from './faults';
import { FaultServer, type Plan } from './faultServer';

/** Something of the node that sends requests. */
export const operationNames = [
	'create',
	'night',
	'get',
	'list',
	'wait',
	'look',
	'download',
	'verification',
] as const;
export type OperationName = (typeof operationNames)[number];

/** One combination. */
export interface Cell extends Pick<Plan, 'generation' | 'fault' | 'carriedOut'> {
	operation: OperationName;
}

/** What came of it. */
export interface Result {
	/** The code of the failed item, or `ok`. Of a verification, what became of the event. */
	code: string;
	/** Of the item. Of a verification, that of the answer to the event. */
	status: number | null;
	source?: string;
	outcome?: string;
	attempts?: number;
	/** The requests that arrived. */
	requests: number;
	/** The calls placed. */
	calls: number;
}

/** One combination, played. */
export interface Played {
	result: Result;
	/** The time between the first request that met the fault and the next one, in seconds. */
	waited: number;
	/** The calls to the person of the execution that was run again. */
	callsInAll: number;
	/** The requests that followed a redirect. */
	sentElsewhere: string[];
}

/** Which combinations there are. On the API key, nothing lists calls. */
export function cells(): Cell[] {
	return operationNames.flatMap((operation) =>
		(['apiKey', 'workspace'] as const)
			.filter((generation) => generation === 'workspace' || !needsLogs.includes(operation))
			.flatMap((generation) =>
				faults.flatMap((fault) =>
					carryingOut(operation, fault)
						.filter((carriedOut) => carriedOut || !needsAnswer.includes(fault.kind.is))
						// A recording is not JSON, and has no fields.
						.filter(() => operation !== 'download' || fault.kind.is !== 'sound')
						.map((carriedOut) => ({ operation, generation, fault, carriedOut })),
				),
			),
	);
}

/** Whether Twenty2 carries out a request that meets the fault: a create may be or not, a read always is. */
function carryingOut(operation: OperationName, { kind, afterwards }: Fault): boolean[] {
	if (!isCreate(operation)) return [true];
	const queuesInTrouble =
		operation === 'night' && kind.is === 'refusal' && [500, 503].includes(kind.status);
	return afterwards || queuesInTrouble ? [false, true] : [false];
}

const isCreate = (operation: OperationName) => operation === 'create' || operation === 'night';

const needsLogs: OperationName[] = ['night', 'list', 'look'];
/** An answer as documented tells that the request was carried out. */
const needsAnswer: Array<Fault['kind']['is']> = ['sound', 'late'];

export const titleOf = ({ operation, generation, fault, carriedOut }: Cell): string =>
	`${operation}, ${generation}: ${fault.name}${isCreate(operation) && carriedOut ? ', and the call was placed' : ''}`;

const credentials = { apiKey: 'twenty2Api', workspace: 'twenty2WorkspaceApi' };

const patience = { maxRetries: 1, giveUpAfterSeconds: 60, requestTimeoutSeconds: 5 };

const listNode: NodeUnderTest = {
	type: twenty2Type,
	name: 'Twenty2',
	credentials: 'twenty2WorkspaceApi',
	parameters: { authentication: 'workspace', operation: 'getManyCalls', options: patience },
};

/** What meets the fault, and which requests pass before. */
const operations: Record<
	Exclude<OperationName, 'verification'>,
	{ node: NodeUnderTest } & Pick<Plan, 'before' | 'loseLast' | 'createsOnly'>
> = {
	create: { node: createCallNode({ options: patience }), before: [] },
	night: { node: createCallNode({ options: patience }), before: [], createsOnly: true },
	get: { node: getCallNode({ options: patience }), before: [] },
	list: { node: listNode, before: [] },
	wait: {
		node: createCallNode({
			waitForCompletion: true,
			options: { ...patience, maxWaitMinutes: 1, pollIntervalSeconds: 10 },
		}),
		before: ['sound'],
	},
	look: { node: createCallNode({ options: patience }), before: ['sound'], loseLast: true },
	download: {
		node: getCallNode({ options: { ...patience, downloadRecording: true } }),
		before: ['sound'],
	},
};

/** Twenty2 begins no call before nine. */
const MIDNIGHT_IN_INDIA = Date.UTC(2026, 4, 22, 18, 30);

/** Plays combinations, one after another, in virtual time. */
export class Matrix {
	private constructor(
		private readonly sandbox: Sandbox,
		private readonly server: FaultServer,
	) {}

	static async start(): Promise<Matrix> {
		const sandbox = await startSandbox({
			clock: () => Date.now(),
			requestsPerMinute: 100_000,
			refuseConcurrent: false,
			ringMs: 0,
			talkMs: 0,
		});
		return new Matrix(sandbox, await FaultServer.start(sandbox));
	}

	async close(): Promise<void> {
		await this.server.close();
		await this.sandbox.close();
	}

	/**
	 * Plays one combination under Continue. One with a create is played once more under Stop Workflow, and
	 * n8n runs that execution again after the fault has ended.
	 */
	async play(cell: Cell): Promise<Played> {
		if (cell.operation === 'verification') return await this.verify(cell);
		const { sandbox, server } = this;
		const { node, ...plan } = operations[cell.operation];
		const { before: earlier } = plan;
		const { generation } = cell;
		const dials = node.parameters?.operation === 'createCall';
		const call_id = dials ? '' : await this.placed(generation);
		const before = sandbox.seen.calls.length;
		const begin = () => server.begin({ ...cell, ...plan });
		sandbox.pace.sleepsAtNight = cell.operation === 'night';
		if (sandbox.pace.sleepsAtNight) vi.setSystemTime(MIDNIGHT_IN_INDIA);
		const start = (number: string, onError: NodeUnderTest['onError']) =>
			engineFor(server).start({
				items: [{ phone: number, call_id }],
				node: {
					...node,
					onError,
					parameters: { ...node.parameters, authentication: generation },
					credentials: credentials[generation],
				},
			});

		begin();
		const run = await this.end(start(phone(before), 'continueRegularOutput'));
		const [first = Number.NaN, second = first] = server.requests.slice(earlier.length);
		const played = {
			result: {
				...resultOf(run),
				requests: server.requests.length,
				calls: sandbox.seen.calls.length - before,
			},
			waited: (second - first) / 1_000,
			callsInAll: 0,
			sentElsewhere: [...server.sentElsewhere],
		};
		if (!dials) return played;

		const other = phone(before + 50_000);
		begin();
		const stopped = await this.end(start(other, 'stopWorkflow'));
		server.end();
		if (stopped.error) await this.end(stopped.startRetry());
		return {
			...played,
			callsInAll: sandbox.seen.callsTo(other).length,
			sentElsewhere: [...played.sentElsewhere, ...server.sentElsewhere],
		};
	}

	/** Delivers the event of a call that has ended to a trigger, whose execution looks the call up. */
	private async verify(cell: Cell): Promise<Played> {
		const { sandbox, server } = this;
		const { generation } = cell;
		const event = sandbox.eventOf(await this.placed(generation));
		server.begin({ ...cell, before: [] });
		const trigger = await startTrigger({
			baseUrl: server.url,
			parameters: { authentication: generation },
		});
		const { result: answer } = await untilSettled({ seen: server }, trigger.send(event));
		await untilSettled({ seen: server }, trigger.quiet());
		trigger.close();
		const [execution] = trigger.executions;
		const ended = execution?.error === undefined ? 'contradicted' : 'not checked';
		const [first = Number.NaN, second = first] = server.requests;
		return {
			result: {
				code: trigger.started.length > 0 ? 'confirmed' : ended,
				status: answer.status,
				requests: server.requests.length,
				calls: 0,
			},
			waited: (second - first) / 1_000,
			callsInAll: 0,
			sentElsewhere: [...server.sentElsewhere],
		};
	}

	/** Moves the clock on until an execution has ended. */
	private async end(running: Promise<RunningExecution>): Promise<Run> {
		return await runUntilDone({ seen: this.server }, running);
	}

	/** Places a call without a fault. @returns its ID */
	private async placed(generation: GenerationName): Promise<string> {
		const node = createCallNode({ authentication: generation });
		const items = [{ phone: phone(this.sandbox.seen.calls.length) }];
		this.server.renew();
		const run = await this.end(engineFor(this.server).start({ items, node }));
		return String(run.success[0]?.json.call_id);
	}
}

function resultOf(run: Run): Omit<Result, 'requests' | 'calls'> {
	const [item] = run.success;
	if (!item) throw new Error(`no item came out: ${run.error?.message}`);
	const { error } = item.json;
	if (typeof error !== 'object' || error === null || Array.isArray(error)) {
		return { code: 'ok', status: null };
	}
	const { code, status, source, outcome, attempts } = JSON.parse(JSON.stringify(error));
	return { code, status, source, ...(outcome && { outcome }), attempts };
}
