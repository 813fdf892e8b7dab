import { randomUUID } from 'node:crypto';

import { apiKey } from '../../../../nodes/Twenty2/api/apiKey';
import type { ListedCalls, NewCall, Twenty2 } from '../../../../nodes/Twenty2/api/client';
import { Failure, type FailureFields } from '../../../../nodes/Twenty2/api/failure';
import type { PlacedCall } from '../../../../nodes/Twenty2/api/responses';
import { CallEnds } from '../../../../nodes/Twenty2/operations/create/callEnds';
import type {
	CallRecord,
	PlaceCallOptions,
} from '../../../../nodes/Twenty2/operations/create/placeCall';
import { Access } from '../../../../nodes/Twenty2/policy/access';
import { Budget } from '../../../../nodes/Twenty2/policy/budget';
import type { Entry } from '../../../../nodes/Twenty2/policy/ledger';
import type { Kind, Request } from '../../../../nodes/Twenty2/policy/lease';

/** A call like no other one, so that tests do not contest each other's calls. */
export const newCall = (): NewCall => ({
	assistantId: `asst_${randomUUID()}`,
	fromNumber: '+917971441943',
	toNumber: '+919876543210',
	inputParameters: {},
	additionalFields: {},
});

export const newEntry = (more: Partial<Entry> = {}): Entry => ({
	id: 'entry_1',
	attempts: 0,
	state: { is: 'unsent' },
	...more,
});

/** A Twenty2 that answers some requests. Nothing else may be sent. */
export const twenty2With = (more: Partial<Twenty2>): Twenty2 => ({
	...apiKey.speak(async () => await Promise.reject(new Error('nothing else is sent'))),
	...more,
});

/** Notes what is asked of it. */
export class WatchedAccess extends Access {
	readonly asked: Request[] = [];

	override async acquire(kind: Kind, request: Request) {
		this.asked.push(request);
		return await super.acquire(kind, request);
	}
}

/** The access of a run of its own to a key of its own. */
export const newAccess = (limits = { requestsPerMinute: 1_000, concurrentCalls: 3 }) =>
	new WatchedAccess(new Budget(limits));

/** Nothing is recorded, and nothing speaks against a create. */
export const unrecorded: CallRecord = {
	known: () => undefined,
	claim: async () => await Promise.resolve(undefined),
	wait: async () => await Promise.resolve(),
	settle: async () => await Promise.resolve(),
	close: async () => await Promise.resolve(),
};

export const requestOptions = { maxRetries: 0, giveUpAfterMs: 60_000, timeoutMs: 30_000 };

export const placeOptions = (
	twenty2: Partial<Twenty2>,
	more: Partial<PlaceCallOptions> = {},
): PlaceCallOptions => ({
	twenty2: twenty2With(twenty2),
	access: newAccess(),
	requestOptions,
	canceled: new AbortController().signal,
	signal: new AbortController().signal,
	retryUnknownOutcome: false,
	ends: new CallEnds(),
	record: unrecorded,
	...more,
});

/** Twenty2's refusal of a create. */
export const refusal = (code: string, status: number, more: Partial<FailureFields> = {}) =>
	new Failure({
		...{ code, message: 'their words', status, source: 'twenty2' },
		...{ attempts: 0, outcome: 'not_placed', ...more },
	});

/** What the call logs list: calls that began since, and whatever else. */
export const listing = (
	begun: PlacedCall[] = [],
	more: Partial<ListedCalls> = {},
): ListedCalls => ({ begun, perhaps: [], ...more });

/** Answers one after the other, the last one for good. */
export function inTurn<T>(...answers: Array<T | Error>) {
	let given = 0;
	return async (): Promise<T> => {
		const answer = answers[Math.min(given++, answers.length - 1)];
		if (answer instanceof Error) throw answer;
		if (answer === undefined) throw new Error('There is no answer');
		return await Promise.resolve(answer);
	};
}
