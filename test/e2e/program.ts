/* eslint-disable @n8n/community-nodes/no-dangerous-functions, @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { spawn } from 'node:child_process';

const secondsToEnd = 60;

/** The environment in which a program runs. */
export interface ProgramOptions {
	cwd: string;
	env: NodeJS.ProcessEnv;
	uid?: number;
	gid?: number;
}

/** A program that runs beside the tests. It is killed when the test process exits. */
export class Program {
	private readonly child;

	private readonly printed: string[] = [];

	constructor(file: string, args: string[], options: ProgramOptions) {
		this.child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
		const keep = (chunk: unknown) => this.printed.push(String(chunk));
		this.child.stdout.on('data', keep);
		this.child.stderr.on('data', keep);
		this.child.once('error', keep);
		const kill = () => this.child.kill('SIGKILL');
		process.once('exit', kill);
		this.child.once('exit', () => process.removeListener('exit', kill));
	}

	/** Everything that it has printed. */
	get log(): string {
		return this.printed.join('');
	}

	get pid(): number | undefined {
		return this.child.pid;
	}

	get hasEnded(): boolean {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	/**
	 * Sends a signal and waits for the end.
	 * @throws Error when it did not end within a minute and was killed
	 */
	async end(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
		let killed = false;
		const force = setTimeout(() => (killed = this.child.kill('SIGKILL')), secondsToEnd * 1000);
		await this.ended(signal);
		clearTimeout(force);
		if (killed) throw new Error(`Not ended ${secondsToEnd} s after ${signal}\n${this.log}`);
	}

	/** Kills it with SIGKILL, as a crash would. */
	async kill(): Promise<void> {
		await this.ended('SIGKILL');
	}

	private async ended(signal: NodeJS.Signals): Promise<void> {
		if (this.hasEnded) return;
		const ended = new Promise((resolve) => this.child.once('exit', resolve));
		this.child.kill(signal);
		await ended;
	}
}
