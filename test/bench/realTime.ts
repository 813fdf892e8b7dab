/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { setTimeout as delay } from 'node:timers/promises';

import {
	calendarMinute,
	slidingWindow,
	startSandbox,
	tokenBucket,
	type SandboxOptions,
} from '../../sandbox';
import { callPeople } from './builtNode';
import type { Bench, Figure } from './figure';

const creates = 180;
const limits = { requestsPerMinute: 60, concurrentCalls: 3 };

/** 60 at once, 60 after a minute, 60 after two. */
const possibleSeconds = 120;
const mostTimesThat = 1.02;

const countings = { slidingWindow, calendarMinute, tokenBucket };
const networks = { 'at once': undefined, 'after 0 to 200 ms': () => Math.random() * 200 };

/** Each begins when the one before has sent its first 60, or they would take that time from it. */
const secondsApart = 5;

async function campaign(name: string, options: SandboxOptions): Promise<Figure[]> {
	const sandbox = await startSandbox({ ...limits, ...options, refuseConcurrent: false });
	try {
		await callPeople(creates, sandbox.url, limits);

		const { requests, refusals } = sandbox.seen;
		const at = (n: number) => Number(requests.at(n)?.at) / 1_000;
		const seconds = at(-1) - at(0);
		const secondsOfFirst60 = at(limits.requestsPerMinute - 1) - at(0);
		return [
			{ what: `${name}: first to last request`, value: seconds, unit: 's' },
			{
				what: `${name}: in times the possible ${possibleSeconds} s`,
				value: seconds / possibleSeconds,
				unit: '',
				limit: mostTimesThat,
			},
			{
				// The 120th cannot come before a minute after the 60th, nor the 180th before two.
				what: `${name}: in times what is possible after the first 60`,
				value: seconds / (possibleSeconds + secondsOfFirst60),
				unit: '',
			},
			{ what: `${name}: answers 429`, value: refusals, unit: '', limit: 0 },
		];
	} finally {
		await sandbox.close();
	}
}

/** All at the same time: each has a sandbox of its own, and with that a budget of its own. */
export const realTime: Bench = {
	name: 'a',
	title: `${creates} creates at ${limits.requestsPerMinute} a minute, in real time (2½ minutes)`,
	async measure() {
		const conditions = Object.entries(countings).flatMap(([way, counting]) =>
			Object.entries(networks).map(([arriving, networkDelay]) => ({
				name: `${way}, arriving ${arriving}`,
				sandbox: { counting, networkDelay },
			})),
		);
		const campaigns = conditions.map(async ({ name, sandbox }, i) => {
			await delay(i * secondsApart * 1_000);
			return await campaign(name, sandbox);
		});
		return (await Promise.all(campaigns)).flat();
	},
};
