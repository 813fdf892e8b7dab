import type { NewCall } from '../../api/client';
import type { PlacedCall } from '../../api/responses';
import type { Connection } from '../../connection/connect';
import { verdictOn } from '../../connection/retryRule';
import { sleep } from '../../policy/abortable';
import { isClaimed, type Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import { send } from '../../policy/retry';
import type { RequestOptions } from '../fields/options';

/** The pauses before each look into the call logs. A call appears there once it rings. */
const PAUSES_MS = [1_000, 2_000, 4_000];

/** The call holds its line meanwhile, so one look may take less time than other requests. */
const MAX_TIMEOUT_MS = 5_000;

/** How far back to look for a call of an earlier run, in milliseconds: a day. */
const EARLIER_MS = 24 * 60 * 60 * 1_000;

/** What placing a call and finding it have in common. */
export interface CallContext extends Pick<Connection, 'twenty2' | 'access'> {
	requestOptions: RequestOptions;
	/** Fires when the execution is stopped. */
	canceled: AbortSignal;
}

/**
 * Looks into the call logs for a call whose answer got lost. A listed call is that call if it is the
 * only one like it that started since the create was sent and that belongs to no other create.
 * @param sentAt when the create was sent, in milliseconds since 1970
 * @returns what Create Call gives, or undefined when it stays unknown whether it was placed
 */
export async function findLostCall(
	call: NewCall,
	entry: Entry,
	sentAt: number,
	claim: Claim,
	{ twenty2, access, requestOptions, canceled }: CallContext,
): Promise<PlacedCall | undefined> {
	const { callsSince } = twenty2;
	if (!callsSince) return undefined;

	const timeoutMs = Math.min(requestOptions.timeoutMs, MAX_TIMEOUT_MS);
	const look = lookOf(call, entry, async () => await callsSince(call, sentAt, { timeoutMs }));
	// A look that fails is not retried: the next look follows anyway.
	const once = { ...requestOptions, maxRetries: 0 };
	try {
		for (const ms of PAUSES_MS) {
			await sleep(ms, canceled);
			const listed = await send(look, once, access.reads, canceled).catch(() => undefined);
			if (!listed) continue;
			const [own, ...others] = listed.filter(({ call_id }) => !claim.isTaken(call_id));
			entry.ambiguous = own !== undefined && (others.length > 0 || claim.contested);
			if (own === undefined || entry.ambiguous) continue;
			claim.take(own.call_id);
			return own;
		}
	} catch {
		// The execution was stopped: nothing more is sent, and the outcome stays unknown.
	}
	return undefined;
}

/**
 * Looks into the call logs for a call that an earlier run may have placed. When that run sent its create is
 * not known, so a call like it may also be a later or an earlier one. It is not taken for the lost one, but
 * as long as one is listed, the call is not placed again.
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
		const listed = await send(look, requestOptions, access.reads, canceled).catch(() => undefined);
		if (!listed) continue;
		entry.ambiguous = listed.some(({ call_id }) => !isClaimed(call_id));
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
		judge: verdictOn,
	};
}
