import type { Lane } from '../../../nodes/Twenty2/policy/budget';
import {
	sendAndHold,
	type Answered,
	type Outgoing,
	type Verdict,
} from '../../../nodes/Twenty2/policy/retry';
import { later, settle } from './fakeTime';

/** Twenty2 says "too many requests". */
export class TooMany extends Error {
	constructor(
		readonly retryAfterMs = 0,
		/** The failure of requests that are not sent because of this refusal. */
		readonly unsent?: Error,
	) {
		super('too many requests');
	}
}

/** A request to which no answer came. */
export class Cut extends Error {}

/** A request, and what ends it. */
export interface TestRequest<T> extends Outgoing<T> {
	signal: AbortSignal;
	giveUpAfterMs: number;
}

const judge = (rejection: Error): Verdict =>
	rejection instanceof TooMany
		? {
				again: 'when permitted',
				limited: { retryAfterMs: rejection.retryAfterMs, unsent: rejection.unsent ?? rejection },
			}
		: { again: 'never', answered: !(rejection instanceof Cut) };

/** A request that waits for ever, unless told otherwise. */
export function request<T>(
	send: () => Promise<T>,
	more: Partial<Omit<TestRequest<T>, 'send'>> = {},
): TestRequest<T> {
	return {
		what: 'Call',
		signal: new AbortController().signal,
		giveUpAfterMs: Number.POSITIVE_INFINITY,
		send,
		judge,
		...more,
	};
}

/** Sends a request until it is answered, and keeps the line it holds. */
export async function hold<T>(
	lane: Lane,
	{ signal, giveUpAfterMs, ...outgoing }: TestRequest<T>,
): Promise<Answered<T>> {
	return await sendAndHold(outgoing, { maxRetries: 0, giveUpAfterMs }, lane, signal);
}

/** Sends a request until it is answered. @returns the answer */
export async function through<T>(lane: Lane, sent: TestRequest<T>): Promise<T> {
	const { answer, release } = await hold(lane, sent);
	release();
	return answer;
}

/** Requests that are answered when told to. */
export function tasks() {
	const answers: Array<ReturnType<typeof later<number>>> = [];
	let running = 0;
	const task = async () => {
		running++;
		const answer = later<number>();
		answers.push(answer);
		return await answer.promise.finally(() => running--);
	};
	return {
		task,
		get sent() {
			return answers.length;
		},
		get running() {
			return running;
		},
		end: async (which: number) => {
			answers[which]?.resolve(which);
			await settle();
		},
		refuse: async (which: number, because: Error) => {
			answers[which]?.reject(because);
			await settle();
		},
	};
}

/** Sends that note their name, and are given the answers one after the other, the last for good. */
export function noting(order: string[]) {
	return (name: string, ...answers: Error[]) => {
		let sent = 0;
		return async () => {
			order.push(name);
			const answer = answers[sent++];
			if (answer) throw answer;
			return name;
		};
	};
}
