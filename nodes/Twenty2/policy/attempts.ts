import pRetry from 'p-retry';

import type { Pass } from './budget';
import { Endurance } from './endurance';

/** What to do after an attempt was answered with a refusal or not at all. */
export type Verdict =
	| { again: 'never' }
	/** A server had trouble: after a growing pause, `maxRetries` times. */
	| { again: 'later' }
	/** The key sent too much: when the key may send again, for `giveUpAfterMs`. */
	| { again: 'when allowed'; waitMs: number };

export interface Patience {
	/** Retries after trouble of the server. */
	maxRetries: number;
	/** How long one request keeps trying against "too many requests", in milliseconds. */
	giveUpAfterMs: number;
}

/** The first pause; it doubles up to the longest. "Retry 500 with exponential backoff." */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Sends one request until it is answered for good.
 *
 * "Too many requests" holds the whole key back and not only this request, for at least the second
 * that Twenty2 asks for, and does not count among the retries. A request that would have to wait
 * out a pause longer than its patience is not sent at all.
 * @param send one attempt; an answer to give back, or a rejection to judge
 * @param judge tells from a rejection whether to try again
 * @param pass lets an attempt through when the budget of its key allows it
 * @param signal fires when nothing more is to be sent
 * @throws the last rejection of `send`, the reason of a pause not worth waiting out, or the
 * signal's reason
 */
export async function attempt<T>(
	send: () => Promise<T>,
	judge: (rejection: Error) => Verdict,
	{ maxRetries, giveUpAfterMs }: Patience,
	pass: Pass,
	signal: AbortSignal,
): Promise<T> {
	let sent = false;
	let answer: { is: T } | undefined;
	let troubles = 0;
	let refusals = 0;
	let resumesAt = 0;
	const endurance = new Endurance(giveUpAfterMs);

	const holdBack = (rejection: Error, waitMs: number) => {
		resumesAt = pass.pause(Math.max(waitMs, calmly(refusals++)), rejection);
	};

	const once = async () => {
		sent = false;
		return await pass.through(signal, endurance, async () => {
			sent = true;
			// Before the request gives up its place, or the next in line would be sent at once.
			const toldToWait = (rejection: Error) => {
				const verdict = judge(rejection);
				if (verdict.again === 'when allowed') holdBack(rejection, verdict.waitMs);
				throw rejection;
			};
			answer = { is: await send().catch(toldToWait) };
			return answer.is;
		});
	};

	const answered = pRetry(once, {
		retries: Number.POSITIVE_INFINITY,
		factor: 2,
		minTimeout: FIRST_PAUSE_MS,
		maxTimeout: LONGEST_PAUSE_MS,
		randomize: true,
		signal,
		shouldConsumeRetry: ({ error }) => judge(error).again !== 'when allowed',
		shouldRetry: ({ error }) => {
			const { again } = judge(error);
			if (!sent || signal.aborted || again === 'never') return false;
			return again === 'later' ? troubles++ < maxRetries : endurance.outlasts(resumesAt);
		},
	});
	return await answered.catch((error: unknown) => {
		// p-retry drops an answer that comes after the signal, but a call placed is a call placed.
		if (answer) return answer.is;
		throw error;
	});
}

/** A pause that doubles with each refusal, from one second, with jitter so that workers part. */
function calmly(refusals: number): number {
	const pause = FIRST_PAUSE_MS * 2 ** refusals * (1 + Math.random());
	return Math.min(pause, LONGEST_PAUSE_MS);
}
