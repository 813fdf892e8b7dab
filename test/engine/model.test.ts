/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import fc from 'fast-check';
import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import type { Behaviour, Sandbox } from '../../sandbox';
import { agentNodeTypes, agentWith } from './agent';
import { startWithAnswers, type Answers } from './answers';
import type { Engine, Run, RunningExecution } from './engine';
import { loopAround } from './loopAround';
import { LoopOverItems } from './loopOverItems';
import { createCallNode, engineFor, phone, twenty2Type } from './twenty2';
import { untilDone, untilSettled, useVirtualTime } from './virtualTime';

/*
 * Any sequence of what users do: executions run, fail, are stopped and retried, from the newest one or an
 * older one, once or twice at once, with other leads, in a loop or by an agent, before and after a restart of
 * n8n. And of what machines do: a process is killed, or stands still while another worker is given the same
 * execution and then goes on. `MODEL_RUNS` is the number of sequences. `MODEL_SEED` repeats those of a run that found something.
 */
const parameters = {
	numRuns: Number(process.env.MODEL_RUNS ?? 25),
	...(process.env.MODEL_SEED !== undefined && { seed: Number(process.env.MODEL_SEED) }),
};

/** What Twenty2 does with the calls to a person. */
const behaviours = fc.constantFrom<Behaviour>(
	{ kind: 'slow', ms: 0 },
	{ kind: 'slow', ms: 200 },
	'refused',
	'500 once',
	'429 once',
	'502 html',
	'cut',
	'place and cut',
	'empty 200',
	{ kind: 'refuse', status: 400, message: 'Not now', times: 1 },
);

/** How many people a campaign has. */
const PEOPLE = 4;

const setups = fc.record({
	authentication: fc.constantFrom('apiKey', 'workspace'),
	onError: fc.constantFrom('stopWorkflow' as const, 'continueErrorOutput' as const),
	retryOnFail: fc.boolean(),
});
type Setup = (typeof setups extends fc.Arbitrary<infer T> ? T : never) & { key?: string };

/** The node of a setup. */
const nodeOf = ({ authentication, onError, retryOnFail, key = '' }: Setup) =>
	createCallNode(
		{ authentication, options: { maxRetries: 1, ...(key && { deduplicationKey: key }) } },
		{ onError, ...(retryOnFail && { retryOnFail, maxTries: 2, waitBetweenTries: 1 }) },
	);

/** A process of n8n with the node. What it holds in its memory goes with it. */
class Process {
	/** Resolves once it goes on, where it stands still or was killed. */
	private goesOn: Promise<void> | undefined;

	private readonly resume = () => this.wake();

	private wake: () => void = () => undefined;

	constructor(readonly node: INodeType) {}

	/** From now on it neither sends nor writes, and notices no answer. @returns lets it go on */
	freeze(): () => void {
		this.goesOn = new Promise((resolve) => (this.wake = resolve));
		return this.resume;
	}

	async execute(n8n: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const helpers = this.guarded(n8n.helpers);
		const here = new Proxy(n8n, {
			get: (target, name) => (name === 'helpers' ? helpers : Reflect.get(target, name, target)),
		});
		const output = await this.node.execute?.call(here);
		await this.goesOn;
		if (!Array.isArray(output)) throw new Error('It has no output');
		return output;
	}

	private guarded(helpers: IExecuteFunctions['helpers']): IExecuteFunctions['helpers'] {
		return new Proxy(helpers, {
			get: (target, name) => {
				const helper: unknown = Reflect.get(target, name);
				if (typeof helper !== 'function') return helper;
				const goesOn = async () => await this.goesOn;
				return async function guarded(this: unknown, ...given: unknown[]) {
					await goesOn();
					const result: unknown = await Reflect.apply(helper, this, given);
					await goesOn();
					return result;
				};
			},
		});
	}
}

/** n8n with the node, and Twenty2. */
class World {
	private current = new Process(new Twenty2());

	private constructor(
		readonly sandbox: Sandbox,
		readonly answers: Answers,
	) {}

	static async start(): Promise<World> {
		const { sandbox, answers } = await startWithAnswers({ requestsPerMinute: 100_000 });
		return new World(sandbox, answers);
	}

	/** @param failures how often an agent fails after it has called */
	engine(failures: number): Engine {
		return engineFor(
			this.sandbox,
			{},
			{
				'test.loop': new LoopOverItems(),
				...agentNodeTypes(failures),
				[twenty2Type]: this.currentNode({}),
				[`${twenty2Type}Tool`]: this.currentNode({
					inputs: [],
					outputs: [NodeConnectionTypes.AiTool],
				}),
			},
		);
	}

	/** n8n ends and starts again: what was in the node's memory is gone. */
	async restart(): Promise<void> {
		vi.resetModules();
		const fresh = await import('../../nodes/Twenty2/Twenty2.node');
		this.current = new Process(new fresh.Twenty2());
	}

	/** Carries an execution out until a number of answers have come, and kills n8n then. n8n starts again. */
	async kill(starting: Promise<RunningExecution>, after: number): Promise<RunningExecution> {
		const running = await starting;
		const { current } = this;
		let isOver = false;
		const killed = new Promise<void>((resolve) => {
			this.answers.after(after + 1, () => {
				current.freeze();
				resolve();
			});
		});
		const over = running.finished.then(() => void (isOver = true));
		await untilSettled(this.sandbox, Promise.race([killed, over]));
		this.answers.after(Number.POSITIVE_INFINITY, () => undefined);
		if (!isOver) current.freeze();
		await this.restart();
		return running;
	}

	/** The process stands still after a number of answers, and goes on once another worker has done the same work. */
	async stall(starting: Promise<RunningExecution>, after: number): Promise<Run[]> {
		const { current } = this;
		let goOn = () => undefined as void;
		const stalled = new Promise<void>((resolve) => {
			this.answers.after(after + 1, () => {
				goOn = current.freeze();
				resolve();
			});
		});
		const running = await starting;
		await untilSettled(this.sandbox, Promise.race([stalled, running.finished]));
		this.answers.after(Number.POSITIVE_INFINITY, () => undefined);
		await this.restart();
		const other = running.startAgain({ by: 'queue' });
		const { result } = await untilSettled(this.sandbox, other.finished);
		goOn();
		const { result: first } = await untilSettled(this.sandbox, running.finished);
		return [first, result];
	}

	/** Carries executions out, and stops the first of them after a number of answers. */
	async carryOut(running: Array<Promise<RunningExecution>>, stopAfter?: number): Promise<Run[]> {
		if (stopAfter !== undefined) {
			const first = await running[0];
			this.answers.after(stopAfter + 1, () => first?.cancel());
		}
		const { runs } = await untilDone(this.sandbox, running);
		this.answers.after(Number.POSITIVE_INFINITY, () => undefined);
		return runs;
	}

	/**
	 * What each item says of the person it was to phone is true.
	 * @param alone whether no other execution was to phone the same people meanwhile
	 */
	checkTruth(run: Run, people: string[], alone = true): void {
		for (const { json, pairedItem } of itemsOf(run)) {
			const person = people[Object(pairedItem).item] ?? '';
			const calls = this.sandbox.seen.callsTo(person);
			const said = json.error === undefined ? { outcome: 'placed', ...json } : Object(json.error);
			const about = `${person} ${JSON.stringify(said)}`;
			if (said.code === 'DUPLICATE_CALL') expect(calls, about).toHaveLength(1);
			else if (said.outcome === 'not_placed' && alone) expect(calls, about).toHaveLength(0);
			if (said.outcome !== 'placed') continue;
			expect(
				calls.map(({ call_id }) => call_id),
				about,
			).toContain(said.call_id);
		}
	}

	/** The node as it is since n8n started. */
	private currentNode(changes: Partial<INodeType['description']>): INodeType {
		const current = () => this.current;
		return {
			description: { ...this.current.node.description, ...changes },
			async execute(this: IExecuteFunctions) {
				return await current().execute(this);
			},
		};
	}
}

/** What the node said of its items, in any of its runs. Where it was stopped, n8n hands on its input. */
function itemsOf(run: Run): INodeExecutionData[] {
	const runs = run.data.resultData.runData.Twenty2 ?? [];
	return runs
		.flatMap(({ data }) => (data?.main ?? []).flatMap((items) => items ?? []))
		.filter(({ json }) => json.error !== undefined || json.call_id !== undefined);
}

/** Of an execution, and the same for its retries. */
interface Campaign {
	people: string[];
	/** Whether its items are the people in order. In a loop, the count begins anew in each pass. */
	inOrder: boolean;
}

let world: World;
afterEach(() => world.sandbox.close());

describe('With a deduplication key, each person is phoned at most once', () => {
	useVirtualTime();

	const people = Array.from({ length: PEOPLE }, (_, n) => phone(n));
	const order = fc.shuffledSubarray(people, { minLength: 1 });
	const steps = fc.array(
		fc.oneof(
			{
				weight: 3,
				arbitrary: fc.record({ do: fc.constant('run' as const), order, setup: setups }),
			},
			fc.record({ do: fc.constant('stop' as const), order, setup: setups, after: fc.nat(PEOPLE) }),
			fc.record({ do: fc.constant('twice at once' as const), order, setup: setups }),
			fc.record({ do: fc.constant('kill' as const), order, setup: setups, after: fc.nat(PEOPLE) }),
			fc.record({ do: fc.constant('stall' as const), order, setup: setups, after: fc.nat(PEOPLE) }),
			fc.record({ do: fc.constant('retry' as const), which: fc.nat(9) }),
			fc.record({ do: fc.constant('behave' as const), n: fc.nat(PEOPLE - 1), as: behaviours }),
			fc.record({ do: fc.constant('restart' as const) }),
		),
		{ minLength: 3, maxLength: 10 },
	);

	it('each person with a deduplication key is phoned at most once in any sequence of executions', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(behaviours, { minLength: PEOPLE, maxLength: PEOPLE }),
				steps,
				async (first, todo) => {
					world = await World.start();
					const { sandbox } = world;
					const engine = world.engine(0);
					for (const [n, behaviour] of first.entries()) sandbox.behave(phone(n), behaviour);
					const failed: Array<{ retry: () => Promise<RunningExecution>; order: string[] }> = [];
					const start = async (given: string[], setup: Setup) =>
						await engine.start({
							items: given.map((number) => ({ phone: number })),
							node: nodeOf({ ...setup, key: '={{ $json.phone }}' }),
						});
					const keep = (runs: Run[], given: string[], alone: boolean) => {
						for (const run of runs) {
							world.checkTruth(run, given, alone);
							if (run.status === 'success') continue;
							failed.push({ retry: async () => await run.startRetry(), order: given });
						}
					};
					const carryOut = async (given: string[], setup: Setup, count = 1, stopAfter?: number) => {
						const starts = Array.from({ length: count }, () => start(given, setup));
						keep(await world.carryOut(starts, stopAfter), given, count === 1);
					};
					for (const step of todo) {
						if (step.do === 'run') await carryOut(step.order, step.setup);
						if (step.do === 'stop') await carryOut(step.order, step.setup, 1, step.after);
						if (step.do === 'twice at once') await carryOut(step.order, step.setup, 2);
						if (step.do === 'kill') {
							const killed = await world.kill(start(step.order, step.setup), step.after);
							const retry = async () => await Promise.resolve(killed.startAgain({ by: 'retry' }));
							failed.push({ retry, order: step.order });
						}
						if (step.do === 'stall') {
							const runs = await world.stall(start(step.order, step.setup), step.after);
							keep(runs, step.order, false);
						}
						if (step.do === 'behave') sandbox.behave(phone(step.n), step.as);
						if (step.do === 'restart') await world.restart();
						const retried = step.do === 'retry' && failed[step.which % (failed.length || 1)];
						if (retried) keep(await world.carryOut([retried.retry()]), retried.order, true);
						for (const [number, calls] of Object.entries(sandbox.seen.perNumber())) {
							expect(calls, number).toBe(1);
						}
					}
					await sandbox.close();
				},
			),
			parameters,
		);
	});
});

describe('Without a key, an execution and its retries phone each of their people at most once', () => {
	useVirtualTime();

	const campaigns = fc.record({
		setup: setups,
		shape: fc.constantFrom('plain', 'loop', 'agent'),
		behaviours: fc.array(behaviours, { minLength: PEOPLE, maxLength: PEOPLE }),
		end: fc.oneof(
			{ weight: 3, arbitrary: fc.constant(undefined) },
			fc.record({ by: fc.constantFrom('stop', 'kill', 'stall'), after: fc.nat(PEOPLE) }),
		),
	});
	const steps = fc.array(
		fc.oneof(
			fc.record({ do: fc.constant('campaign' as const), campaign: campaigns }),
			{
				weight: 3,
				arbitrary: fc.record({
					do: fc.constant('retry' as const),
					which: fc.nat(9),
					atOnce: fc.constantFrom(1, 2),
					stopAfter: fc.option(fc.nat(PEOPLE), { nil: undefined, freq: 3 }),
				}),
			},
			fc.record({ do: fc.constant('restart' as const) }),
		),
		{ minLength: 3, maxLength: 9 },
	);

	it('an execution and its retries phone each person at most once in any sequence of runs, stops and retries', async () => {
		await fc.assert(
			fc.asyncProperty(campaigns, steps, async (first, rest) => {
				world = await World.start();
				const { sandbox } = world;
				const failed: Array<Campaign & { retry: () => Promise<RunningExecution> }> = [];
				let count = 0;

				const keep = (runs: Run[], of: Campaign, alone = true) => {
					for (const run of runs) {
						if (of.inOrder) world.checkTruth(run, of.people, alone);
						if (run.status === 'success') continue;
						failed.push({ retry: async () => await run.startRetry(), ...of });
					}
				};
				const begin = async ({ setup, shape, behaviours: as, end }: typeof first) => {
					const campaign = count++;
					const people = as.map((_, n) => phone(campaign * PEOPLE + n));
					for (const [n, behaviour] of as.entries()) sandbox.behave(people[n] ?? '', behaviour);
					const items = people.map((number) => ({ phone: number }));
					const engine = world.engine(2);
					// The workflows of a loop and an agent have an API key.
					const node = nodeOf(shape === 'plain' ? setup : { ...setup, authentication: 'apiKey' });
					const start =
						shape === 'plain'
							? engine.start({ items, node })
							: engine.startWorkflow(shape === 'loop' ? loopAround(node) : agentWith(node), {
									items,
								});
					const of = { people, inOrder: shape === 'plain' };
					if (end?.by === 'kill') {
						const killed = await world.kill(start, end.after);
						const retry = async () => await Promise.resolve(killed.startAgain({ by: 'retry' }));
						failed.push({ retry, ...of });
					} else if (end?.by === 'stall') {
						keep(await world.stall(start, end.after), of, false);
					} else {
						keep(await world.carryOut([start], end?.after), of);
					}
				};

				for (const step of [{ do: 'campaign' as const, campaign: first }, ...rest]) {
					if (step.do === 'campaign') await begin(step.campaign);
					if (step.do === 'restart') await world.restart();
					const retried = step.do === 'retry' && failed[step.which % (failed.length || 1)];
					if (step.do === 'retry' && retried) {
						const starts = Array.from({ length: step.atOnce }, () => retried.retry());
						keep(await world.carryOut(starts, step.stopAfter), retried, step.atOnce === 1);
					}
					for (const [number, calls] of Object.entries(sandbox.seen.perNumber())) {
						expect(calls, number).toBe(1);
					}
				}
				await sandbox.close();
			}),
			parameters,
		);
	});
});
