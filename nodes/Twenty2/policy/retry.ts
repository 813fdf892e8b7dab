import pRetry from 'p-retry';

import type { Pass } from './budget';
import { Endurance } from './endurance';
import { ownSignal } from './ownSignal';

/** What to do after an attempt was answered with a refusal or not at all. */
export type Verdict =
	| { again: 'never' }
	/** A server had trouble: after a growing pause, `maxRetries` times. */
	| { again: 'later' }
	/**
	 * The key sent too much: when the key may send again, for `giveUpAfterMs`. `unsent` is why others
	 * are not sent that have less patience than that; without it, for the same reason.
	 */
	| { again: 'when allowed'; waitMs: number; unsent?: Error };

export interface Patience {
	/** Retries after trouble of the server. */
	maxRetries: number;
	/** How long one request keeps trying against "too many requests", in milliseconds. */
	giveUpAfterMs: number;
}

/** One request, and what to make of its answers. */
export interface Attempts<T> {
	/** For the log; nothing that identifies a person. */
	what: string;
	/** One attempt; an answer to give back, or a rejection to judge. */
	send: () => Promise<T>;
	/** Tells from a rejection whether to try again. */
	judge: (rejection: Error) => Verdict;
	/** Of a create: keeps its line until this settles. */
	lasts?: (answer: T) => Promise<unknown>;
}

/** The first pause; it doubles up to the longest. "Retry 500 with exponential backoff." */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Sends one request until it is answered for good.
 *
 * "Too many requests" is waited out where the request passes the limits of its key, and does not
 * count among the retries. A request that does not outlast a pause Twenty2 asks for is not sent.
 * @param pass lets an attempt through when the budget of its key allows it
 * @param stopped fires when nothing more is to be sent
 * @throws the last rejection of `send`, why the key was refused, or the signal's reason
 */
export async function attempt<T>(
	{ what, send, judge, lasts }: Attempts<T>,
	{ maxRetries, giveUpAfterMs }: Patience,
	pass: Pass,
	stopped: AbortSignal,
): Promise<T> {
	const signal = ownSignal(stopped);
	let sent = false;
	let answer: { is: T } | undefined;
	const endurance = new Endurance(giveUpAfterMs);

	const once = async () => {
		sent = false;
		return await pass.through({
			what,
			signal,
			endurance,
			lasts,
			send: async () => {
				sent = true;
				answer = { is: await send() };
				return answer.is;
			},
			tooMany: (rejection) => {
				const verdict = judge(rejection);
				if (verdict.again !== 'when allowed') return undefined;
				return { retryAfterMs: verdict.waitMs, unsent: verdict.unsent };
			},
		});
	};

	const answered = pRetry(once, {
		retries: maxRetries,
		factor: 2,
		minTimeout: FIRST_PAUSE_MS,
		maxTimeout: LONGEST_PAUSE_MS,
		randomize: true,
		signal,
		shouldRetry: ({ error }) => sent && !signal.aborted && judge(error).again === 'later',
	});
	return await answered.catch((error: unknown) => {
		// p-retry drops an answer that comes after the signal, but a call placed is a call placed.
		if (answer) return answer.is;
		throw error;
	});
}
