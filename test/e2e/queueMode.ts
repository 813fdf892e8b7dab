/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import type { Sandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { hasEnded } from './execution';
import { startN8n, type N8n } from './n8n';
import { N8nProcess, worker } from './n8nProcess';
import { n8n2, type N8nVersion } from './n8nVersion';
import { startPostgres } from './postgres';
import { startRedis } from './redis';
import { eventually } from './rest';
import { leads, type Lead } from './workflow';

/** An n8n in queue mode. Each worker runs one execution at a time. */
export interface QueueMode {
	n8n: N8n;
	workers: N8nProcess[];
	/** Kills a worker with SIGKILL, and starts another one. */
	replaceWorker(killed: N8nProcess): Promise<void>;
	stop(): Promise<void>;
}

const queue = {
	EXECUTIONS_MODE: 'queue',
	OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
	// When a worker counts as lost. n8n's defaults (60 s and 30 s) amount to two and a half minutes.
	QUEUE_WORKER_LOCK_DURATION: '30000',
	QUEUE_WORKER_STALLED_INTERVAL: '5000',
};

/**
 * Starts n8n in queue mode. n8n and its workers share a user folder, and so the package and the
 * encryption key.
 * @param more variables of the environment
 */
export async function startQueueMode(
	tarball: string,
	workerCount: number,
	{ version = n8n2, more = {} }: { version?: N8nVersion; more?: Record<string, string> } = {},
): Promise<QueueMode> {
	const running: Array<{ stop(): Promise<void> }> = [];
	const stop = async () => {
		for (const last of running.reverse()) await last.stop();
	};
	try {
		const postgres = await startPostgres();
		running.push(postgres);
		const redis = await startRedis();
		running.push(redis);
		const env = { ...queue, ...postgres.env, ...redis.env, ...more };
		const n8n = await startN8n({ tarball, env, version });
		running.push(n8n);
		let started = 0;
		const startWorker = async () => {
			// With a shared event log, a starting worker marks the others' executions as crashed.
			const own = { N8N_EVENTBUS_LOGWRITER_LOGBASENAME: `worker-${started++}` };
			const one = await N8nProcess.start(n8n.userFolder, { ...env, ...own }, worker, version);
			running.push(one);
			return one;
		};
		const workers = await Promise.all(Array.from({ length: workerCount }, startWorker));
		const replaceWorker = async (killed: N8nProcess) => {
			await killed.kill();
			workers.splice(workers.indexOf(killed), 1, await startWorker());
		};
		return { n8n, workers, replaceWorker, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** Lists of leads that do not overlap. */
export function lists(count: number, size: number): Lead[][] {
	const all = leads(count * size);
	return Array.from({ length: count }, (_, n) => all.slice(n * size, (n + 1) * size));
}

/** Starts one execution per list at the same time. @returns a function that waits for the statuses */
export async function startLists(
	{ n8n }: QueueMode,
	given: Lead[][],
	{ url }: Sandbox,
	limits = {},
): Promise<(seconds: number) => Promise<string[]>> {
	const account = { apiKey: 'sandbox-key', baseUrl: url, ...limits };
	const credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	const { id, start } = await createCampaign(n8n, credential);
	await Promise.all(given.map(start));
	return async (seconds) =>
		await eventually('All executions ending', seconds, async () => {
			const executions = await n8n.executions(id);
			const ended = executions.length === given.length && executions.every(hasEnded);
			return ended ? executions.map(({ status }) => status).sort() : undefined;
		});
}

/** How often its log has the words. */
const times = ({ log }: { log: string }, words: string) => log.split(words).length - 1;

/** The worker that has an execution. */
export function busyWorker({ workers }: QueueMode): N8nProcess {
	const busy = workers.find(
		(worker) =>
			times(worker, 'Worker started execution') > times(worker, 'Worker finished execution'),
	);
	if (!busy) throw new Error('No worker has an execution');
	return busy;
}
