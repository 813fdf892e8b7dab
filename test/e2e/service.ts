/* eslint-disable @n8n/community-nodes/require-node-api-error -- never part of the package */
import { Program, type ProgramOptions } from './program';
import { eventually } from './rest';

const secondsToStart = 180;

/** A running database or message broker for n8n. */
export interface Service {
	/** Environment variables that lead n8n to it. */
	env: Record<string, string>;
	stop(): Promise<void>;
}

/**
 * Starts Redis or PostgreSQL and waits until it is ready. Both print the same words then, and both stop
 * at once on SIGINT.
 * @param env the environment variables for n8n
 */
export async function startService(
	file: string,
	args: string[],
	options: ProgramOptions,
	env: Record<string, string>,
): Promise<Service> {
	const program = new Program(file, args, options);
	try {
		await eventually(`${file} being ready`, secondsToStart, async () => {
			if (program.hasEnded) throw new Error(`${file} ended`);
			return /ready to accept connections/i.test(program.log) || undefined;
		});
	} catch (error) {
		await program.kill();
		throw new Error(`${file} did not start\n${program.log}`, { cause: error });
	}
	return { env, stop: async () => await program.end('SIGINT') };
}
