/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node';

let idle: Worker | undefined;

type Listener = (message: unknown) => void;

/**
 * A thread that runs the tests of one mutant after the other. Vitest would begin a new one for each mutant and
 * load n8n-workflow again, which takes longer than the tests.
 */
export class KeptThread implements PoolWorker {
	readonly name = 'kept thread';

	private readonly entrypoint: string;

	private thread: Worker | undefined;

	private readonly listeners: Array<{ event: string; listener: Listener }> = [];

	constructor({ distPath }: PoolOptions) {
		this.entrypoint = join(distPath, 'workers', 'threads.js');
	}

	on(event: string, listener: Listener): void {
		this.thread?.on(event, listener);
		this.listeners.push({ event, listener });
	}

	off(event: string, listener: Listener): void {
		this.thread?.off(event, listener);
	}

	send(message: WorkerRequest): void {
		if (message.type !== 'stop') {
			this.thread?.postMessage(message);
			return;
		}
		const stopped = { type: 'stopped', __vitest_worker_response__: true };
		for (const { event, listener } of this.listeners) if (event === 'message') listener(stopped);
	}

	deserialize(message: unknown): unknown {
		return message;
	}

	async start(): Promise<void> {
		const thread = idle ?? new Worker(this.entrypoint);
		idle = undefined;
		this.thread = thread;
		thread.ref();
		thread.once('exit', () => {
			if (idle === thread) idle = undefined;
		});
	}

	async stop(): Promise<void> {
		const { thread } = this;
		this.thread = undefined;
		for (const { event, listener } of this.listeners) thread?.off(event, listener);
		thread?.unref();
		idle = thread;
	}
}
