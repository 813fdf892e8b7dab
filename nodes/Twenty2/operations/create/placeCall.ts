import { placedCall, type NewCall, type PlacedCall } from '../../api/responses';
import { Failure, failureFields, failureOnly } from '../../api/failure';
import { outcomeUnknown } from '../../api/refusal';
import type { Connection } from '../../connection/connect';
import type { JsonObject } from '../../json';
import { attempt, type Patience } from '../../policy/retry';
import { Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import { verdictOn } from '../../connection/retryRule';
import { findLost } from './findLostCall';

export interface CreatePatience extends Patience {
	timeoutMs: number;
	retryUnknownOutcome: boolean;
}

/** What placing a call needs beside the call. */
export interface Placing extends Pick<Connection, 'twenty2' | 'access'> {
	patience: CreatePatience;
	/** Fires when no other call is to be placed. */
	signal: AbortSignal;
	/** Fires when this one is not to be looked for either. */
	canceled: AbortSignal;
	/** Waits for the end of the call that was placed; until then it keeps its line. */
	follow: (answer: PlacedCall) => Promise<JsonObject> | undefined;
}

/** A call, and its end if that is waited for. */
export interface Placed {
	answer: PlacedCall;
	ending?: Promise<JsonObject>;
}

/**
 * What an earlier try of this run has brought, or undefined when the call is still to be placed.
 * @throws Failure repeating that it is unknown whether the person was phoned
 */
export function alreadyPlaced(entry: Entry, patience: CreatePatience): PlacedCall | undefined {
	const { state, attempts } = entry;
	if (state.is === 'placed') return placedCall.parse(state.answer);
	const lost =
		state.is === 'unknown'
			? new Failure(failureFields.parse(state.why))
			: state.is === 'sent'
				? outcomeUnknown('This run was stopped before Twenty2 answered', null)
				: undefined;
	if (lost && judgeOf(entry, patience)(lost).again === 'never') {
		throw lost.with({ attempts });
	}
	return undefined;
}

/**
 * Places a call, at most once, and writes into its entry what became of it.
 * @throws Failure that tells whether the person was, or may have been, phoned
 */
export async function place(call: NewCall, entry: Entry, placing: Placing): Promise<Placed> {
	const { access, patience, signal, follow } = placing;
	const send = async () => {
		const inDoubt = mayHaveBeenPlaced(entry);
		entry.attempts++;
		entry.state = { is: 'sent' };
		return await create(call, entry, placing).then(
			(answer) => {
				entry.state = { is: 'placed', answer, at: Date.now() };
				return { answer, ending: follow(answer) };
			},
			(error: unknown) => {
				// What a later attempt was told says nothing of an earlier one that may have rung.
				const failure = failureOnly(error).with(inDoubt ? { outcome: 'unknown' } : {});
				entry.state = settled(failure);
				throw failure;
			},
		);
	};

	const judge = judgeOf(entry, patience);
	const what = `Call to …${call.toNumber.slice(-4)}`;
	const lasts = async ({ ending }: Placed) => await ending;
	const phone = { what, send, judge, lasts };
	return await attempt(phone, patience, access.creates, signal).catch((error: unknown) => {
		const outcome = mayHaveBeenPlaced(entry) ? 'unknown' : 'not_placed';
		throw failureOnly(error).with({ attempts: entry.attempts, outcome });
	});
}

/** Whether to place it again: never while a call is listed that may be it. */
function judgeOf(entry: Entry, { retryUnknownOutcome }: CreatePatience) {
	return (error: Error) =>
		verdictOn(error, { retryUnknownOutcome: retryUnknownOutcome && !entry.ambiguous });
}

/** One attempt: its answer or, where that got lost, the call that Twenty2 lists instead. */
async function create(call: NewCall, entry: Entry, placing: Placing): Promise<PlacedCall> {
	const sentAt = Date.now();
	const claim = new Claim([call.assistantId, call.fromNumber, call.toNumber].join(' '));
	const {
		twenty2,
		patience: { timeoutMs },
	} = placing;
	const answered = twenty2.createCall(call, { idempotencyKey: entry.id, timeoutMs });
	return await answered.then(
		(answer) => {
			claim.take(answer.call_id);
			claim.settled();
			return answer;
		},
		async (error: unknown) => {
			claim.settled();
			const failure = failureOnly(error);
			const lost = failure.fields.code === 'OUTCOME_UNKNOWN';
			const found = lost && (await findLost(call, entry, sentAt, claim, placing));
			if (found) return found;
			throw failure;
		},
	);
}

/** What a failure says of calls that earlier tries may have placed for the same item. */
export function rang(entries: Entry[]): { outcome?: 'placed' | 'unknown'; call_id?: string } {
	const placed = entries.flatMap(({ state }) => (state.is === 'placed' ? [state.answer] : []));
	const [answer] = placed;
	if (answer) return { outcome: 'placed', call_id: placedCall.parse(answer).call_id };
	return entries.some(mayHaveBeenPlaced) ? { outcome: 'unknown' } : {};
}

/** Whether the person was certainly not phoned for this entry. */
export function certainlyNotPlaced({ state }: Entry): boolean {
	return state.is === 'unsent' || state.is === 'not placed';
}

/** Whether the person may have been phoned without it being known. */
function mayHaveBeenPlaced({ state }: Entry): boolean {
	return state.is === 'sent' || state.is === 'unknown';
}

function settled({ fields }: Failure): Entry['state'] {
	return fields.outcome === 'unknown' ? { is: 'unknown', why: fields } : { is: 'not placed' };
}
