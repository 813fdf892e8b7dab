import pRetry from 'p-retry';

import { derivedSignal } from './abortable';
import type { Lane, Lease } from './budget';
import type { Outcome } from './outcome';
import { Deadline, type RateLimited } from './rateLimiter';

/** What to do after a rejection, and whether it was an answer. */
export type Verdict =
	| { again: 'never'; answered: boolean }
	/** A server had trouble: after a growing backoff, `maxRetries` times. */
	| { again: 'after backoff'; answered: boolean }
	/** The key has sent too much: when the key may send again, until the deadline. */
	| { again: 'when permitted'; limited: Omit<RateLimited, 'message'> };

export interface Patience {
	/** Retries after trouble of the server. */
	maxRetries: number;
	/** How long one request keeps trying against "too many requests", in milliseconds. */
	giveUpAfterMs: number;
}

/** One request, and how its rejections are judged. */
export interface Outgoing<T> {
	/** For the log. It must not identify a person. */
	what: string;
	/**
	 * Prepares one attempt, once it is permitted and immediately before it is sent. When this rejects,
	 * the attempt is not sent, its permit is given back, and nothing is retried.
	 */
	prepare?: () => Promise<void>;
	/**
	 * One attempt. It may look for an answer that got lost: it calls `lost` first with what came instead,
	 * because a permit that is held until the end of the look may be the one that the look waits for.
	 */
	send: (lost: (rejection: Error) => void) => Promise<T>;
	judge: (rejection: Error) => Verdict;
	/** Of a create. */
	call?: {
		idOf: (answer: T) => string;
		/** Sends one read that tells whether a call is over. */
		isOver: (callId: string) => Promise<boolean>;
	};
}

/** An answer, and the line that its request still holds. */
export interface Answered<T> {
	answer: T;
	release: () => void;
}

/** The first backoff. It doubles up to the longest. "Retry 500 with exponential backoff." */
const FIRST_BACKOFF_MS = 1_000;
export const LONGEST_BACKOFF_MS = 30_000;

/**
 * The pause after so many failures in a row, in milliseconds, as p-retry makes it: 1, 2, 4 seconds and so
 * on, each up to twice as long by chance.
 */
export function backoffMs(failures: number, longestMs = LONGEST_BACKOFF_MS): number {
	return Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1) * (1 + Math.random()), longestMs);
}

/**
 * Sends one request until it is answered for good, and keeps the line it holds.
 *
 * "Too many requests" is waited out until the deadline and does not count among the retries. A request
 * whose deadline comes before the end of a pause is not sent.
 * @param lane lets an attempt through when the limits of its key allow it
 * @param stopped fires when nothing more is to be sent
 * @throws the last rejection of `send`, the failure of a request that was not sent, or the signal's reason
 */
export async function sendAndHold<T>(
	{ what, prepare, send, judge, call }: Outgoing<T>,
	{ maxRetries, giveUpAfterMs }: Patience,
	lane: Lane,
	stopped: AbortSignal,
): Promise<Answered<T>> {
	const signal = derivedSignal(stopped);
	const deadline = new Deadline(giveUpAfterMs);
	const outcomeOf = (rejection: Error): Outcome => {
		const verdict = judge(rejection);
		if (verdict.again !== 'when permitted')
			return { is: verdict.answered ? 'answered' : 'no answer' };
		return { is: 'rate limited', limited: { message: rejection.message, ...verdict.limited } };
	};
	let sent = false;
	let answered: Answered<T> | undefined;

	/** Sends until the answer is something else than "too many requests". */
	const sendWithin = async (lease: Lease): Promise<Answered<T>> => {
		const unsent = (reason: unknown): never => {
			sent = false;
			lease.settle({ is: 'unsent' });
			throw reason;
		};
		for (;;) {
			if (!signal.aborted) await prepare?.().catch(unsent);
			// The signal may have fired between the permit and now.
			if (signal.aborted) unsent(signal.reason);
			const done = await sendOnce(lease).catch(async (rejection: Error) => {
				const outcome = outcomeOf(rejection);
				lease.settle(outcome);
				if (outcome.is !== 'rate limited') throw rejection;
				await lease.renew().catch(() => {
					signal.throwIfAborted();
					throw rejection;
				});
				return undefined;
			});
			if (done) return done;
		}
	};

	const sendOnce = async (lease: Lease): Promise<Answered<T>> => {
		sent = true;
		const answer = await send((rejection) => lease.settlePermit(outcomeOf(rejection)));
		lease.settle({ is: 'answered', callId: call?.idOf(answer) });
		answered = { answer, release: lease.release };
		return answered;
	};

	const attempt = async (): Promise<Answered<T>> => {
		sent = false;
		const { isOver } = call ?? {};
		const lease = await lane.acquire({ what, signal, deadline, outcomeOf, isOver });
		return await sendWithin(lease).catch((reason: unknown) => {
			lease.release();
			throw reason;
		});
	};

	return await pRetry(attempt, {
		retries: maxRetries,
		factor: 2,
		minTimeout: FIRST_BACKOFF_MS,
		maxTimeout: LONGEST_BACKOFF_MS,
		randomize: true,
		signal,
		shouldRetry: ({ error }) => sent && !signal.aborted && judge(error).again === 'after backoff',
	}).catch((error: unknown) => {
		// p-retry drops an answer that comes after the signal, but a call that was placed is placed.
		if (answered) return answered;
		throw error;
	});
}

/** The same for a request that holds no line afterwards. @returns the answer */
export async function send<T>(
	outgoing: Outgoing<T>,
	patience: Patience,
	lane: Lane,
	stopped: AbortSignal,
): Promise<T> {
	const { answer, release } = await sendAndHold(outgoing, patience, lane, stopped);
	release();
	return answer;
}
