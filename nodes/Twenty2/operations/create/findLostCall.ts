import type { NewCall, PlacedCall } from '../../api/responses';
import { attempt } from '../../policy/retry';
import type { Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import { wait } from '../../policy/wait';
import { verdictOn } from '../../connection/retryRule';
import type { Placing } from './placeCall';

/** When to look, after the answer got lost and then after each other: a call appears once it rings. */
const PAUSES_MS = [1_000, 2_000, 4_000];

/** The call keeps its line meanwhile, so one look must not take as long as other requests may. */
const LONGEST_LOOK_MS = 5_000;

/**
 * Looks for a call whose answer got lost in what Twenty2 lists: it is the only one like it that began
 * since it was sent and that belongs to no other create. Several like it stay in doubt.
 * @param sentAt in milliseconds since 1970
 * @returns what Create Call gives, or undefined when it stays unknown
 */
export async function findLost(
	call: NewCall,
	entry: Entry,
	sentAt: number,
	claim: Claim,
	{ twenty2, access, patience, canceled }: Placing,
): Promise<PlacedCall | undefined> {
	const { callsBegun } = twenty2;
	if (!callsBegun) return undefined;

	const timeoutMs = Math.min(patience.timeoutMs, LONGEST_LOOK_MS);
	const look = {
		what: `Looking for the call to …${call.toNumber.slice(-4)}`,
		send: async () => {
			entry.attempts++;
			return await callsBegun(call, sentAt, { timeoutMs });
		},
		judge: verdictOn,
	};
	// The next look is the retry of one that brings nothing.
	const once = { ...patience, maxRetries: 0 };
	try {
		for (const ms of PAUSES_MS) {
			await wait(ms, canceled);
			const begun = await attempt(look, once, access.reads, canceled).catch(() => undefined);
			if (!begun) continue;
			const [own, ...others] = begun.filter(({ call_id }) => !claim.isTaken(call_id));
			entry.ambiguous = own !== undefined && (others.length > 0 || claim.contested);
			if (own === undefined || entry.ambiguous) continue;
			claim.take(own.call_id);
			return own;
		}
	} catch {
		// It was stopped: nothing more is sent, and it stays unknown.
	}
	return undefined;
}
