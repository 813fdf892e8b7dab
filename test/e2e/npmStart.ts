/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { spawn, type ChildProcess } from 'node:child_process';

import { project } from './pack';
import { eventually } from './rest';

/** Runs `npm start`, or another command, in its own process group, as a terminal does. */
export class NpmStart {
	private readonly child: ChildProcess;

	private readonly chunks: string[] = [];

	private closed = false;

	constructor(env: NodeJS.ProcessEnv, command: string[] = ['npm', 'start']) {
		const [file = '', ...args] = command;
		this.child = spawn(file, args, {
			cwd: project,
			// Without this test process's port range: the demo could otherwise take a port of a test.
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

	/** Everything that it has printed. */
	get output(): string {
		return this.chunks.join('');
	}

	/** All printed lines except npm's own. */
	get lines(): string[] {
		const lines = this.output.split('\n').map((line) => line.trimEnd());
		return lines.filter((line) => line !== '' && !/^(> |npm warn)/.test(line));
	}

	/** Waits for the address of the editor. @throws Error when the command ends before */
	async address(): Promise<string> {
		return await eventually('The address', 500, async () => {
			if (this.closed) throw new Error(`npm start has ended\n${this.output}`);
			return this.output.includes('Ctrl-C')
				? /^n8n +(\S+?)\/home/m.exec(this.output)?.[1]
				: undefined;
		});
	}

	/** Waits for the end, also of every process that holds its output open. @returns the exit code */
	async end(): Promise<number | null> {
		await eventually('npm start ending', 500, async () => this.closed || undefined);
		return this.child.exitCode;
	}

	/** Sends a signal to the whole group, as a terminal does, or to npm alone. */
	signal(signal: NodeJS.Signals, { toAll }: { toAll: boolean }): void {
		if (!this.closed) process.kill(toAll ? -this.pid : this.pid, signal);
	}
}
