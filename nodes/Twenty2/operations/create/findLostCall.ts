import type { ListedCalls, NewCall } from '../../api/client';
import type { PlacedCall } from '../../api/responses';
import type { Connection } from '../../connection/connect';
import { verdictOn } from '../../connection/retryRule';
import { sleep } from '../../policy/abortable';
import { isClaimed, type Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import { read } from '../../policy/retry';
import type { RequestOptions } from '../fields/options';

/** The pauses before each look into the call logs. A call may take a while to appear and to begin there. */
const PAUSES_MS = [1_000, 2_000, 4_000];

/** The call holds its line meanwhile, so one look may take less time than other requests. */
const MAX_TIMEOUT_MS = 5_000;

/** How far back to look for a call of an earlier run, in milliseconds: a day. */
const EARLIER_MS = 24 * 60 * 60 * 1_000;

/** A create whose answer does not tell whether the call was placed. */
export interface SentCreate {
	/** In milliseconds since 1970. */
	sentAt: number;
	claim: Claim;
}

/** What the call logs tell of a create. */
export type Finding =
	| { is: 'placed'; call: PlacedCall }
	/** No listed call may be its own. */
	| { is: 'not listed' }
	/** A call that has not begun may be, or several may, or the logs cannot be read that far. */
	| { is: 'unclear' };

/** What placing a call and finding it have in common. */
export interface CallContext extends Pick<Connection, 'twenty2' | 'access'> {
	requestOptions: RequestOptions;
	/** Fires when the execution is stopped. */
	canceled: AbortSignal;
}

/**
 * Looks into the call logs for a call whose answer got lost, or that Twenty2 may have placed although it
 * says that it had trouble. A listed call is that call if it is the only one like it that began since the
 * create was sent and that belongs to no other create. Without such a one, only that no call like it is
 * waiting to begin tells that none was placed: at night all wait until the morning. The last look decides.
 * @param lastRetries how often the last look is retried after trouble
 * @returns `unclear` also when the execution is stopped meanwhile
 */
export async function findLostCall(
	call: NewCall,
	entry: Entry,
	{ sentAt, claim }: SentCreate,
	lastRetries: number,
	{ twenty2, access, requestOptions, canceled }: CallContext,
): Promise<Finding> {
	const { callsSince } = twenty2;
	if (!callsSince) return { is: 'unclear' };

	const timeoutMs = Math.min(requestOptions.timeoutMs, MAX_TIMEOUT_MS);
	const look = lookOf(call, entry, async () => await callsSince(call, sentAt, { timeoutMs }));
	let finding: Finding = { is: 'unclear' };
	try {
		for (const [i, ms] of PAUSES_MS.entries()) {
			await sleep(ms, canceled);
			// The others are not retried: the next one follows anyway.
			const maxRetries = i === PAUSES_MS.length - 1 ? lastRetries : 0;
			const patience = { ...requestOptions, maxRetries };
			const listed = await read(access, 'read', look, patience, canceled).catch(() => undefined);
			finding = listed ? findingIn(listed, entry, claim) : { is: 'unclear' };
			if (finding.is === 'placed') break;
		}
	} catch {
		// The execution was stopped: nothing more is sent, and the outcome stays unknown.
		return { is: 'unclear' };
	}
	return finding;
}

/** What one look tells. */
function findingIn({ begun, perhaps }: ListedCalls, entry: Entry, claim: Claim): Finding {
	const [own, ...others] = begun.filter(({ call_id }) => !isClaimed(call_id));
	if (own === undefined) {
		entry.ambiguous = !perhaps.every(isClaimed);
		return { is: entry.ambiguous ? 'unclear' : 'not listed' };
	}
	entry.ambiguous = others.length > 0 || claim.contested;
	if (entry.ambiguous) return { is: 'unclear' };
	claim.take(own.call_id);
	return { is: 'placed', call: own };
}

/**
 * Looks into the call logs for a call that an earlier run may have placed. When that run sent its create is
 * not known, so a call like it may also be a later or an earlier one. It is not taken for the lost one, but
 * as long as one is listed, begun or not, the call is not placed again.
 * @throws the signal's reason
 */
export async function lookForEarlierCall(
	call: NewCall,
	entry: Entry,
	{ twenty2, access, requestOptions, canceled }: CallContext,
): Promise<void> {
	const { callsSince } = twenty2;
	if (!callsSince) return;
	const since = Date.now() - EARLIER_MS;
	const look = lookOf(call, entry, async () => await callsSince(call, since, requestOptions));
	// As long as no look is answered, such a call may be listed.
	entry.ambiguous = true;
	for (const ms of PAUSES_MS) {
		await sleep(ms, canceled);
		const listed = await read(access, 'read', look, requestOptions, canceled).catch(
			() => undefined,
		);
		if (!listed) continue;
		const { begun, perhaps } = listed;
		const ids = [...begun.map(({ call_id }) => call_id), ...perhaps];
		entry.ambiguous = !ids.every(isClaimed);
		if (entry.ambiguous) return;
	}
}

function lookOf<T>(call: NewCall, entry: Entry, list: () => Promise<T>) {
	return {
		what: `Looking for the call to …${call.toNumber.slice(-4)}`,
		send: async () => {
			entry.attempts++;
			return await list();
		},
		verdictOn,
	};
}
