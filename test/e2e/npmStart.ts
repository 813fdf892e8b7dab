import { spawn, type ChildProcess } from 'node:child_process';

import { project } from './pack';
import { eventually } from './rest';

/** `npm start`, or another command, in a process group of its own, as in a terminal. */
export class NpmStart {
	private readonly child: ChildProcess;

	private readonly chunks: string[] = [];

	private closed = false;

	constructor(env: NodeJS.ProcessEnv, command: string[] = ['npm', 'start']) {
		const [file = '', ...args] = command;
		this.child = spawn(file, args, {
			cwd: project,
			// Not this process's part of the ports, or it would take one that it is told to leave free.
			env: { ...process.env, VITEST_POOL_ID: undefined, ...env },
			detached: true,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		for (const stream of [this.child.stdout, this.child.stderr]) {
			stream?.on('data', (chunk) => this.chunks.push(String(chunk)));
		}
		this.child.once('close', () => (this.closed = true));
	}

	get pid(): number {
		return this.child.pid ?? 0;
	}

	get said(): string {
		return this.chunks.join('');
	}

	/** All lines but npm's. */
	get lines(): string[] {
		const lines = this.said.split('\n').map((line) => line.trimEnd());
		return lines.filter((line) => line !== '' && !/^(> |npm warn)/.test(line));
	}

	/** The address of the editor, once it is told. */
	async address(): Promise<string> {
		return await eventually('The address', 500, async () => {
			if (this.closed) throw new Error(`npm start has ended\n${this.said}`);
			return this.said.includes('Ctrl-C') ? /^n8n +(\S+)/m.exec(this.said)?.[1] : undefined;
		});
	}

	/** With all that it started, if it ended its output. */
	async end(): Promise<number | null> {
		await eventually('npm start ending', 500, async () => this.closed || undefined);
		return this.child.exitCode;
	}

	/** To the whole group, as a terminal does, or to npm alone. */
	signal(signal: NodeJS.Signals, { toAll }: { toAll: boolean }): void {
		if (!this.closed) process.kill(toAll ? -this.pid : this.pid, signal);
	}
}
