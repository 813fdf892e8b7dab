import pRetry, { AbortError } from 'p-retry';

import { derivedSignal } from './abortable';
import type { Access } from './access';
import { Deadline } from './deadline';
import type { Kind, Lease, Request } from './lease';
import type { Outcome } from './outcome';

/** What a rejection says. */
export interface Verdict {
	/** How the request ended. */
	outcome: Outcome;
	/**
	 * Whether to send it again: after "too many requests" when the key may send again, until the deadline;
	 * otherwise after a growing backoff, `maxRetries` times.
	 */
	again: boolean;
}

export interface Patience {
	/** Retries after trouble of the server. */
	maxRetries: number;
	/** How long one request keeps trying against "too many requests", in milliseconds. */
	giveUpAfterMs: number;
}

/** One request, and what to do about its rejections. */
export interface Retried {
	kind: Kind;
	request: Omit<Request, 'deadline'>;
	patience: Patience;
	verdictOn: (rejection: Error) => Verdict;
}

/** The first backoff. It doubles up to the longest. "Retry 500 with exponential backoff." */
const FIRST_BACKOFF_MS = 1_000;
export const LONGEST_BACKOFF_MS = 30_000;

/**
 * The pause after a number of failures in a row, in milliseconds, as p-retry makes it: 1, 2, 4 seconds and so
 * on, each up to twice as long by chance.
 */
export function backoffMs(failures: number, longestMs = LONGEST_BACKOFF_MS): number {
	return Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1) * (1 + Math.random()), longestMs);
}

/** An attempt ended before anything was sent. Nothing is retried then. */
class NotSent extends AbortError {}

/** Ends an attempt before anything was sent. @throws always */
export function notSent(reason: unknown): never {
	throw new NotSent(reason instanceof Error ? reason : String(reason));
}

/**
 * Sends one request until it is answered for good.
 *
 * "Too many requests" is waited out until the deadline, keeps the slot of the request, and does not count among the
 * retries. A request whose deadline comes before the end of a pause is not sent.
 * @param attempt sends the request once, and settles and releases its lease when it is answered
 * @throws the last rejection of an attempt, the failure of a request that was not sent, or the signal's reason
 */
export async function untilAnswered<T>(
	access: Access,
	{ kind, request, patience, verdictOn }: Retried,
	attempt: (lease: Lease) => Promise<T>,
): Promise<T> {
	const signal = derivedSignal(request.signal);
	const waiting = { ...request, signal, deadline: new Deadline(patience.giveUpAfterMs) };
	let lease: Lease | undefined;
	/** The last rejection, if it was "too many requests". */
	let refusal: Error | undefined;
	let answered: { answer: T } | undefined;

	const admitted = async (): Promise<Lease> => {
		if (lease) await lease.admit(true);
		lease ??= await access.acquire(kind, waiting);
		return lease;
	};
	const sendOnce = async (): Promise<T> => {
		const current = await admitted().catch((reason: unknown) =>
			notSent(signal.aborted ? signal.reason : (refusal ?? reason)),
		);
		// The signal may have fired between the permit and now.
		if (signal.aborted) notSent(signal.reason);
		refusal = undefined;
		const answer = await attempt(current).catch((rejection: Error) => failed(current, rejection));
		answered = { answer };
		return answer;
	};
	const failed = (current: Lease, rejection: Error): never => {
		if (rejection instanceof NotSent) throw rejection;
		const { outcome, again } = verdictOn(rejection);
		current.settle(outcome);
		if (outcome.is === 'rate limited') {
			refusal = rejection;
		} else {
			current.release();
			lease = undefined;
		}
		throw again ? rejection : new AbortError(rejection);
	};
	return await pRetry(sendOnce, {
		// A finite number would end the retries after "too many requests" as well.
		retries: Number.POSITIVE_INFINITY,
		factor: 2,
		minTimeout: FIRST_BACKOFF_MS,
		maxTimeout: LONGEST_BACKOFF_MS,
		randomize: true,
		signal,
		shouldConsumeRetry: () => refusal === undefined,
		shouldRetry: ({ retriesConsumed }) =>
			refusal !== undefined || (!signal.aborted && retriesConsumed < patience.maxRetries),
	}).catch((error: unknown) => {
		// p-retry drops an answer that comes after the signal, but a call that was placed is placed.
		if (answered) return answered.answer;
		lease?.release();
		throw error;
	});
}

/** A request that holds no line. */
export interface Read<T> {
	/** For the log. It must not identify a person. */
	what: string;
	send: () => Promise<T>;
	verdictOn: (rejection: Error) => Verdict;
}

/** The same for a read. @returns the answer */
export async function read<T>(
	access: Access,
	kind: 'read' | 'poll',
	{ what, send, verdictOn }: Read<T>,
	patience: Patience,
	signal: AbortSignal,
): Promise<T> {
	const retried = { kind, request: { what, signal }, patience, verdictOn };
	return await untilAnswered(access, retried, async (lease) => {
		const answer = await send();
		lease.settle({ is: 'answered' });
		lease.release();
		return answer;
	});
}
