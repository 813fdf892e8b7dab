import { Access } from '../../../nodes/Twenty2/policy/access';
import type { Budget } from '../../../nodes/Twenty2/policy/budget';
import type { Kind, Log } from '../../../nodes/Twenty2/policy/lease';
import type { Outcome } from '../../../nodes/Twenty2/policy/outcome';
import { notSent, untilAnswered, type Verdict } from '../../../nodes/Twenty2/policy/retry';
import { later, settle } from './fakeTime';

/** One kind of request through an access. */
export interface Way {
	access: Access;
	kind: Kind;
}

/** One run's access, with its ways for each kind of request. */
export class Opened extends Access {
	readonly creates = this.way('create');

	readonly reads = this.way('read');

	readonly polls = this.way('poll');

	private way(kind: Kind): Way {
		return { access: this, kind };
	}
}

/** Opens an access to a budget. */
export const opened = (budget: Budget, log?: Log, credential?: string) =>
	new Opened(budget, log, credential);

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
export interface TestRequest<T> {
	what: string;
	signal: AbortSignal;
	giveUpAfterMs: number;
	/** Before it is sent. When this rejects, it is not sent. */
	prepare?: () => Promise<void>;
	send: () => Promise<T>;
	verdictOn: (rejection: Error) => Verdict;
	/** Of a create. */
	call?: { idOf: (answer: T) => string; isOver: (callId: string) => Promise<boolean> };
}

const outcomeOf = (rejection: Error): Outcome => {
	if (!(rejection instanceof TooMany))
		return { is: rejection instanceof Cut ? 'no answer' : 'answered' };
	const { message, retryAfterMs, unsent = rejection } = rejection;
	return { is: 'rate limited', message, retryAfterMs, unsent };
};

const verdictOn = (rejection: Error): Verdict => ({
	outcome: outcomeOf(rejection),
	again: rejection instanceof TooMany,
});

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
		verdictOn,
		...more,
	};
}

/** Sends a request until it is answered, and keeps what it holds. */
export async function hold<T>(
	{ access, kind }: Way,
	{ what, signal, giveUpAfterMs, prepare, send, call, ...asked }: TestRequest<T>,
	maxRetries = 0,
): Promise<{ answer: T; release: () => void }> {
	const look = async (callId: string, isOver: (id: string) => Promise<boolean>) =>
		await isOver(callId).then(
			(over) => ({ outcome: { is: 'answered' } as const, isOver: over }),
			(rejection: Error) => ({ outcome: asked.verdictOn(rejection).outcome }),
		);
	const looks = call && { look: async (callId: string) => await look(callId, call.isOver) };
	const request = { what, signal, ...looks };
	const retried = { kind, request, patience: { maxRetries, giveUpAfterMs }, ...asked };
	return await untilAnswered(access, retried, async (lease) => {
		await prepare?.().catch(notSent);
		if (signal.aborted) notSent(signal.reason);
		const answer = await send();
		lease.settle({ is: 'answered', callId: call?.idOf(answer) });
		return { answer, release: () => lease.release() };
	});
}

/** Sends a request until it is answered. @returns the answer */
export async function through<T>(way: Way, sent: TestRequest<T>, maxRetries = 0): Promise<T> {
	const { answer, release } = await hold(way, sent, maxRetries);
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
