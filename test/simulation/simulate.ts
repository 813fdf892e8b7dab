/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/require-node-api-error -- never part of the package */
import type { Client } from './clients/client';
import { nodePolicy } from './clients/nodePolicy';
import type { Outcome, WorkerOutcome } from './outcome';
import { TooManyRequests, Twenty2, type Twenty2Options } from './twenty2';
import { inVirtualTime, pass } from './virtualTime';

/** A process that shares a key with the others. */
export interface Worker {
	/** Calls it has to place. */
	leads: number;
	/** In seconds; 0 by default. */
	startsAt?: number;
}

export interface Scenario extends Twenty2Options {
	workers: Worker[];
	/** After how many seconds everything ends. */
	until?: number;
}

/** How many leads a worker works on at a time. */
const WIDTH = 3;

/** Keeps the lengths of calls apart from all other random numbers. */
const LENGTHS_SEED = 1_000;

/**
 * Plays a scenario in virtual time.
 * @param seed the same seed gives the same outcome
 * @param client how every worker treats refusals
 */
export async function simulate(
	scenario: Scenario,
	seed: number,
	client: Client = nodePolicy,
): Promise<Outcome> {
	return await inVirtualTime(seed, async () => {
		const twenty2 = new Twenty2(scenario, seed + LENGTHS_SEED);
		const clock = stopwatch();
		const stop = new AbortController();
		if (scenario.until !== undefined) setTimeout(() => stop.abort(), scenario.until * 1_000);
		const workers = await Promise.all(
			scenario.workers.map(
				async (worker) => await work(worker, client, twenty2, clock, stop.signal),
			),
		);
		const { requests, refused, creates, refusedCreates, lengths } = twenty2;
		return { workers, requests, refused, creates, refusedCreates, lengths };
	});
}

async function work(
	{ leads, startsAt = 0 }: Worker,
	client: Client,
	twenty2: Twenty2,
	clock: () => number,
	stopped: AbortSignal,
): Promise<WorkerOutcome> {
	await pass(startsAt * 1_000);
	const placeCall = client(twenty2);
	const placedAt: number[] = [];
	let left = leads;
	let gaveUp = 0;
	let longestWait = 0;

	const workOnLeads = async () => {
		while (left > 0 && !stopped.aborted) {
			left--;
			const from = clock();
			try {
				await placeCall(stopped);
				placedAt.push(clock());
			} catch (reason) {
				if (!stopped.aborted && !(reason instanceof TooManyRequests)) throw reason;
				if (!stopped.aborted) gaveUp++;
			}
			longestWait = Math.max(longestWait, clock() - from);
		}
	};
	await Promise.all(Array.from({ length: WIDTH }, workOnLeads));

	const doneAt = placedAt.at(-1) ?? startsAt;
	const times = [startsAt, ...placedAt, ...(placedAt.length < leads ? [clock()] : [])];
	const longestDrought = Math.max(0, ...times.slice(1).map((time, i) => time - (times[i] ?? 0)));
	return { placed: placedAt.length, gaveUp, startsAt, doneAt, longestWait, longestDrought };
}

/** @returns the seconds since it was called */
function stopwatch(): () => number {
	const from = performance.now();
	return () => (performance.now() - from) / 1_000;
}
