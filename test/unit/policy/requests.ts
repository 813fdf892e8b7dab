import type { Request } from '../../../nodes/Twenty2/policy/budget';
import { later, settle } from './fakeTime';

/** Twenty2 says "too many requests". */
export class TooMany extends Error {
	constructor(
		readonly retryAfterMs = 0,
		/** What others are told. */
		readonly unsent?: Error,
	) {
		super('too many requests');
	}
}

/** A request that waits for ever, unless told otherwise. */
export function request<T>(
	send: () => Promise<T>,
	more: Partial<Omit<Request<T>, 'send'>> = {},
): Request<T> {
	return {
		what: 'Call',
		signal: new AbortController().signal,
		send,
		tooMany: (rejection) =>
			rejection instanceof TooMany
				? { retryAfterMs: rejection.retryAfterMs, unsent: rejection.unsent }
				: undefined,
		...more,
	};
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
		get begun() {
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
