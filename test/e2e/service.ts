import { Program, type Surroundings } from './program';
import { eventually } from './rest';

const secondsToStart = 180;

/** What n8n keeps its executions in, running until it is stopped. */
export interface Service {
	/** How n8n finds it. */
	env: Record<string, string>;
	stop(): Promise<void>;
}

/** Redis and PostgreSQL say in the same words that they are ready, and both end on SIGINT at once. */
export async function startService(
	file: string,
	args: string[],
	surroundings: Surroundings,
	env: Record<string, string>,
): Promise<Service> {
	const program = new Program(file, args, surroundings);
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
