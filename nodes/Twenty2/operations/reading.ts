import { failureOnly } from '../api/failure';
import type { Connection } from '../connection/connect';
import { attempt, type Patience } from '../policy/retry';
import { verdictOn } from '../connection/retryRule';
import type { Run } from './operation';

interface Reading<T> extends Pick<Connection, 'access'>, Pick<Run, 'signal'> {
	/** For the log; nothing that identifies a person. */
	what: string;
	ask: () => Promise<T>;
	patience: Patience;
}

/**
 * Asks Twenty2 for something until it is answered for good.
 * @returns the answer, and how many requests it took
 * @throws Failure that says how many it took
 */
export async function reading<T>({
	what,
	ask,
	patience,
	access,
	signal,
}: Reading<T>): Promise<{ answer: T; attempts: number }> {
	let attempts = 0;
	const send = async () => {
		attempts++;
		return await ask();
	};
	const read = { what, send, judge: verdictOn };
	const answer = await attempt(read, patience, access.reads, signal).catch((error: unknown) => {
		throw failureOnly(error).with({ attempts });
	});
	return { answer, attempts };
}
