/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { resolve } from 'node:path';

import { freePort } from './freePort';
import { installedN8n } from './install';
import { n8n2, type N8nVersion } from './n8nVersion';
import { Program } from './program';
import { eventually, RestClient } from './rest';

const secondsToStart = 300;

/** The role of an n8n process. */
export interface Role {
	/** n8n's command and its options. */
	command: string[];
	/** Paths that answer with an object when the process is ready. */
	ready: string[];
}

export const main: Role = { command: ['start'], ready: ['/healthz', '/rest/settings'] };

export const worker: Role = {
	command: ['worker', '--concurrency=1'],
	ready: ['/healthz/readiness'],
};

/** How n8n is run: the executable that `N8N_BIN` names, in the place of n8n 2, or the installed one. */
async function n8nCommand(version: N8nVersion): Promise<[file: string, ...args: string[]]> {
	if (process.env.N8N_BIN !== undefined && version === n8n2) return [resolve(process.env.N8N_BIN)];
	const { node, n8n } = await installedN8n(version);
	return [node, n8n];
}

/** A running n8n process. */
export class N8nProcess {
	private constructor(
		private readonly program: Program,
		readonly baseUrl: string,
	) {}

	static async start(
		userFolder: string,
		env: Record<string, string>,
		{ command, ready }: Role = main,
		version = n8n2,
	): Promise<N8nProcess> {
		const [file, ...args] = await n8nCommand(version);
		const port = env.N8N_PORT ?? String(await freePort());
		const program = new Program(file, [...args, ...command], {
			cwd: userFolder,
			env: {
				PATH: process.env.PATH,
				HOME: userFolder,
				TMPDIR: process.env.TMPDIR,
				TZ: 'UTC',
				N8N_USER_FOLDER: userFolder,
				N8N_PORT: port,
				N8N_HOST: '127.0.0.1',
				N8N_LISTEN_ADDRESS: '127.0.0.1',
				// The only port on which a worker listens.
				QUEUE_HEALTH_CHECK_ACTIVE: 'true',
				QUEUE_HEALTH_CHECK_PORT: port,
				N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
				N8N_RUNNERS_BROKER_PORT: String(await freePort()),
				N8N_SECURE_COOKIE: 'false',
				N8N_GRACEFUL_SHUTDOWN_TIMEOUT: '5',
				// No request leaves the machine.
				N8N_DIAGNOSTICS_ENABLED: 'false',
				N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
				N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
				N8N_TEMPLATES_ENABLED: 'false',
				N8N_DYNAMIC_BANNERS_ENABLED: 'false',
				N8N_HIRING_BANNER_ENABLED: 'false',
				N8N_PERSONALIZATION_ENABLED: 'false',
				N8N_VERIFIED_PACKAGES_ENABLED: 'false',
				N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
				// For .ci/n8nInDocker.
				N8N_IMAGE: process.env.N8N_IMAGE,
				...env,
			},
		});
		const started = new N8nProcess(program, `http://127.0.0.1:${port}`);
		try {
			for (const path of ready) await started.answers(path);
		} catch (error) {
			await started.kill();
			throw new Error(`n8n did not start\n${started.log}`, { cause: error });
		}
		return started;
	}

	get log(): string {
		return this.program.log;
	}

	get pid(): number | undefined {
		return this.program.pid;
	}

	get hasEnded(): boolean {
		return this.program.hasEnded;
	}

	async stop(): Promise<void> {
		await this.program.end('SIGTERM');
	}

	/** Sends a signal, such as one that lets it stand still. */
	signal(name: 'SIGSTOP' | 'SIGCONT'): void {
		if (this.pid !== undefined) process.kill(this.pid, name);
	}

	/** Kills it with SIGKILL, as a crash would. */
	async kill(): Promise<void> {
		await this.program.kill();
	}

	private async answers(path: string): Promise<void> {
		const rest = new RestClient(this.baseUrl);
		await eventually(`n8n answering ${path}`, secondsToStart, async () => {
			if (this.program.hasEnded) throw new Error('n8n ended');
			try {
				const { status, body } = await rest.send('GET', path);
				// While n8n starts, it answers with status 200 and a text.
				return status === 200 && typeof body === 'object' ? true : undefined;
			} catch {
				return undefined;
			}
		});
	}
}
