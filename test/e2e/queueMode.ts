/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import { startN8n, type N8n } from './n8n';
import { N8nProcess, worker } from './n8nProcess';
import { startPostgres } from './postgres';
import { startRedis } from './redis';

/** An n8n in queue mode. Each worker runs one execution at a time. */
export interface QueueMode {
	n8n: N8n;
	workers: N8nProcess[];
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
 */
export async function startQueueMode(tarball: string, workerCount: number): Promise<QueueMode> {
	const running: Array<{ stop(): Promise<void> }> = [];
	const stop = async () => {
		for (const last of running.reverse()) await last.stop();
	};
	try {
		const postgres = await startPostgres();
		running.push(postgres);
		const redis = await startRedis();
		running.push(redis);
		const env = { ...queue, ...postgres.env, ...redis.env };
		const n8n = await startN8n({ tarball, env });
		running.push(n8n);
		const startWorker = async (number: number) => {
			// With a shared event log, a starting worker marks the others' executions as crashed.
			const own = { N8N_EVENTBUS_LOGWRITER_LOGBASENAME: `worker-${number}` };
			const started = await N8nProcess.start(n8n.userFolder, { ...env, ...own }, worker);
			running.push(started);
			return started;
		};
		const workers = await Promise.all(
			Array.from({ length: workerCount }, async (_, number) => await startWorker(number)),
		);
		return { n8n, workers, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
