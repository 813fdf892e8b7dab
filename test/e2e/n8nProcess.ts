import { spawn, type ChildProcess } from 'node:child_process';

import { freePort } from './freePort';
import { installedN8n } from './install';
import { eventually, RestClient } from './rest';

const secondsToStart = 120;
const secondsToStop = 10;

/** One running n8n on a user folder. */
export class N8nProcess {
	private constructor(
		private readonly child: ChildProcess,
		private readonly printed: string[],
		readonly baseUrl: string,
	) {}

	static async start(userFolder: string, env: Record<string, string>): Promise<N8nProcess> {
		const { node, n8n } = await installedN8n();
		const port = await freePort();
		const baseUrl = `http://127.0.0.1:${port}`;
		const child = spawn(node, [n8n, 'start'], {
			cwd: userFolder,
			env: {
				PATH: process.env.PATH,
				HOME: userFolder,
				TMPDIR: process.env.TMPDIR,
				TZ: 'UTC',
				N8N_USER_FOLDER: userFolder,
				N8N_PORT: String(port),
				N8N_HOST: '127.0.0.1',
				N8N_LISTEN_ADDRESS: '127.0.0.1',
				N8N_RUNNERS_BROKER_PORT: String(await freePort()),
				N8N_SECURE_COOKIE: 'false',
				N8N_GRACEFUL_SHUTDOWN_TIMEOUT: '5',
				// Nothing here is allowed to call home.
				N8N_DIAGNOSTICS_ENABLED: 'false',
				N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
				N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
				N8N_TEMPLATES_ENABLED: 'false',
				N8N_DYNAMIC_BANNERS_ENABLED: 'false',
				N8N_HIRING_BANNER_ENABLED: 'false',
				N8N_PERSONALIZATION_ENABLED: 'false',
				N8N_VERIFIED_PACKAGES_ENABLED: 'false',
				N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
				...env,
			},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const printed: string[] = [];
		const keep = (chunk: Buffer) => printed.push(chunk.toString());
		child.stdout.on('data', keep);
		child.stderr.on('data', keep);
		const end = () => child.kill('SIGKILL');
		process.once('exit', end);
		child.once('exit', () => process.removeListener('exit', end));

		const started = new N8nProcess(child, printed, baseUrl);
		try {
			await started.ready();
		} catch (error) {
			await started.stop();
			throw new Error(`n8n did not start\n${started.log}`, { cause: error });
		}
		return started;
	}

	get log(): string {
		return this.printed.join('');
	}

	async stop(): Promise<void> {
		if (this.hasEnded) return;
		const ended = new Promise((resolve) => this.child.once('exit', resolve));
		this.child.kill('SIGTERM');
		const force = setTimeout(() => this.child.kill('SIGKILL'), secondsToStop * 1000);
		await ended;
		clearTimeout(force);
	}

	private get hasEnded(): boolean {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	private async ready(): Promise<void> {
		const rest = new RestClient(this.baseUrl);
		for (const path of ['/healthz', '/rest/settings']) {
			await eventually(`n8n answering ${path}`, secondsToStart, async () => {
				if (this.hasEnded) throw new Error('n8n ended');
				try {
					const { status, body } = await rest.send('GET', path);
					// While it starts, it says so in a sentence, with a 200.
					return status === 200 && typeof body === 'object' ? true : undefined;
				} catch {
					return undefined;
				}
			});
		}
	}
}
