import { spawn } from 'node:child_process';

const secondsToEnd = 60;

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

	/**
	 * Asks it to end.
	 * @throws Error when it did not within a minute and was killed, which is a crash and no end
	 */
	async end(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
		let killed = false;
		const force = setTimeout(() => (killed = this.child.kill('SIGKILL')), secondsToEnd * 1000);
		await this.ended(signal);
		clearTimeout(force);
		if (killed) throw new Error(`Not ended ${secondsToEnd} s after ${signal}\n${this.log}`);
	}

	/** Ends it as a crash would, with no chance to tidy up. */
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
