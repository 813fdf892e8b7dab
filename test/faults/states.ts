/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { NodeUnderTest } from '../engine/engine';
import { createCallNode, engineFor, getCallNode, phone } from '../engine/twenty2';
import { runUntilDone, settle, untilSettled } from '../engine/virtualTime';
import { faults, type Fault } from './faults';
import { FaultServer, type Plan } from './faultServer';

/** What the limiter of a key can be doing when a request meets a fault. */
export const stateNames = [
	'open',
	'verifying',
	'shared',
	'unclear',
	'lines, look',
	'lines, create',
] as const;
export type StateName = (typeof stateNames)[number];

/** A state of the limiter, and the fault of the request that is to find out more. */
export interface StateCell {
	state: StateName;
	fault: Fault;
}

/** What the node does after the fault. */
export interface Aftermath {
	/** From the arrival of the request that met the fault to that of the next one, in seconds. */
	next: number;
	/** How many requests then go at once, before one of them is answered. */
	together: number;
	/** The items that were carried out. */
	done: number;
	/** The time that the whole run took, in seconds. */
	seconds: number;
	/** The most calls to one person. */
	callsToOne: number;
}

const patience = { maxRetries: 1, requestTimeoutSeconds: 5 };
const create = createCallNode({ options: patience });
const get = getCallNode({ options: patience });

/**
 * How the limiter gets into each state. Before it, one call was placed, which is live. One item meets all this,
 * and the others wait behind it.
 */
const waysInto: Record<StateName, { node: NodeUnderTest } & Pick<Plan, 'before' | 'createsOnly'>> =
	{
		open: { node: create, before: [] },
		// The next request verifies the refusal.
		verifying: { node: create, before: ['busy'] },
		// The next one probes beyond this process's share.
		shared: { node: get, before: ['busy', 'busy'] },
		// Of creates, two refusals may be about lines. The next request is the look at the live call that decides.
		unclear: { node: create, before: ['busy', 'busy'] },
		'lines, look': { node: create, before: ['busy', 'busy', 'sound'] },
		'lines, create': { node: create, before: ['busy', 'busy'], createsOnly: true },
	};

/** An answer takes longer than it takes to send what may be sent at once. */
const ANSWER_MS = 500;
const AT_ONCE_S = 0.4;

const ITEMS = 9;

/** The faults of a kind teach the limiter the same, so a few stand for all. */
export const typical = [
	'connection refused',
	'connection closed before the answer',
	'no answer',
	'an answer in two parts',
	'404 in Twenty2’s envelope',
	'500 in Twenty2’s envelope',
	'502 without the envelope',
	'429 once, no Retry-After',
	'429 once, Retry-After: 3',
	'429, Retry-After: 60000',
	'200 with a web page',
	'200 with fields that are not documented',
];

/** Which combinations there are. */
export function stateCells(): StateCell[] {
	return stateNames.flatMap((state) =>
		faults.filter(({ name }) => typical.includes(name)).map((fault) => ({ state, fault })),
	);
}

/** Plays combinations, one after another, in virtual time. */
export class States {
	/** The people who were called, or were to be. */
	private people = 0;

	private constructor(
		private readonly sandbox: Sandbox,
		private readonly server: FaultServer,
	) {}

	static async start(): Promise<States> {
		const sandbox = await startSandbox({
			clock: () => Date.now(),
			requestsPerMinute: 100_000,
			refuseConcurrent: false,
			ringMs: 0,
			talkMs: 40_000,
		});
		return new States(sandbox, await FaultServer.start(sandbox));
	}

	async close(): Promise<void> {
		await this.server.close();
		await this.sandbox.close();
	}

	async play({ state, fault }: StateCell): Promise<Aftermath> {
		const { sandbox, server } = this;
		const { node, before, createsOnly } = waysInto[state];
		const first = this.people;
		this.people += 1 + ITEMS;
		const plan = { generation: 'apiKey', fault, carriedOut: false, times: 1 } as const;
		server.begin({ ...plan, before: ['sound', ...before], answerMs: ANSWER_MS, createsOnly });
		const engine = engineFor(server, { requestsPerMinute: 60 });
		const placed = await runUntilDone(
			{ seen: server },
			engine.start({ items: [{ phone: phone(first) }], node: create }),
		);
		const call_id = placed.success[0]?.json.call_id;
		const items = Array.from({ length: ITEMS }, (_, n) => ({
			phone: phone(first + 1 + n),
			call_id,
		}));
		const start = (some: typeof items) =>
			engine
				.start({ items: some, node: { ...node, onError: 'continueRegularOutput' } })
				.then(async ({ finished }) => await finished);
		const seen = { seen: server };
		const ahead = start(items.slice(0, 1));
		// It has been refused before the others come.
		if (before.length > 0) await refused(server);
		const all = Promise.all([ahead, start(items.slice(1))]);
		const { result: runs, seconds } = await untilSettled(seen, all);
		const { metAt = Number.NaN, requests } = server;
		const after = requests.filter((at) => at > metAt);
		const [next = Number.NaN] = after;
		const numbers = Object.values(sandbox.seen.perNumber());
		return {
			next: (next - metAt) / 1_000,
			together: after.filter((at) => at <= next + AT_ONCE_S * 1_000).length,
			done: runs.flatMap(({ success }) => success).filter(({ json }) => json.error === undefined)
				.length,
			seconds,
			callsToOne: Math.max(...numbers),
		};
	}
}

/** Lets the second request come and be answered. */
async function refused(server: FaultServer): Promise<void> {
	while (server.requests.length < 2) await new Promise(setImmediate);
	vi.advanceTimersByTime(ANSWER_MS);
	while (server.answered < 2) await new Promise(setImmediate);
	await settle({ seen: server });
}
