import { spawn } from 'node:child_process';

const secondsToEnd = 10;

export interface Surroundings {
	cwd: string;
	env: NodeJS.ProcessEnv;
	uid?: number;
	gid?: number;
}

/** A program that runs beside the tests and ends with them at the latest. */
export class Program {
	private readonly child;

	private readonly printed: string[] = [];

	constructor(file: string, args: string[], surroundings: Surroundings) {
		this.child = spawn(file, args, { ...surroundings, stdio: ['ignore', 'pipe', 'pipe'] });
		const keep = (chunk: unknown) => this.printed.push(String(chunk));
		this.child.stdout.on('data', keep);
		this.child.stderr.on('data', keep);
		this.child.once('error', keep);
		const kill = () => this.child.kill('SIGKILL');
		process.once('exit', kill);
		this.child.once('exit', () => process.removeListener('exit', kill));
	}

	/** All that it printed. */
	get log(): string {
		return this.printed.join('');
	}

	get hasEnded(): boolean {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	/** Asks it to end, and after a while no longer asks. */
	async end(signal: NodeJS.Signals): Promise<void> {
		if (this.hasEnded) return;
		const ended = new Promise((resolve) => this.child.once('exit', resolve));
		this.child.kill(signal);
		const force = setTimeout(() => this.child.kill('SIGKILL'), secondsToEnd * 1000);
		await ended;
		clearTimeout(force);
	}
}
