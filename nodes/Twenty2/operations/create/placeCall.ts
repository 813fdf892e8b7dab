import type { NewCall } from '../../api/client';
import { Failure, failureFields, failureOnly, outcomeUnknown } from '../../api/failure';
import { hasEnded, placedCall, type PlacedCall } from '../../api/responses';
import { verdictOn } from '../../connection/retryRule';
import { Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import { sendAndHold, type Answered } from '../../policy/retry';
import { findLostCall, type CallContext } from './findLostCall';

/** What is recorded of a create beside its entry, and outlasts the execution. */
export interface SendRecord {
	/** Records that the create is about to be sent. @throws Failure when it must not be sent */
	recordSent(): Promise<void>;
	/** Records what the entry says of the create that was sent last. It never throws. */
	settle(): Promise<void>;
}

export interface PlaceCallOptions extends CallContext {
	record?: SendRecord;

	/** Whether to place the call again when it is unknown whether it was placed. */
	retryUnknownOutcome: boolean;
	/** Fires when no further call is to be placed. */
	signal: AbortSignal;
}

/**
 * The call that an earlier try of this run has placed.
 * @returns undefined when the call is still to be placed
 * @throws Failure when it is unknown whether the person was phoned and the call must not be repeated
 */
export function alreadyPlaced(
	entry: Entry,
	options: Pick<PlaceCallOptions, 'retryUnknownOutcome'>,
): PlacedCall | undefined {
	const { state, attempts } = entry;
	if (state.is === 'placed') return placedCall.parse(state.answer);
	const lost =
		state.is === 'unknown'
			? new Failure(failureFields.parse(state.why))
			: state.is === 'sent'
				? outcomeUnknown('This run was stopped before Twenty2 answered', null)
				: undefined;
	if (lost && judgeOf(entry, options)(lost).again === 'never') {
		throw lost.with({ attempts });
	}
	return undefined;
}

/**
 * Places a call at most once, and writes the outcome into its entry as soon as it is known.
 * @returns Twenty2's answer, and the line that the call holds until the caller releases it
 * @throws Failure whose outcome says whether the person was, or may have been, phoned
 */
export async function placeCall(
	call: NewCall,
	entry: Entry,
	options: PlaceCallOptions,
): Promise<Answered<PlacedCall>> {
	const { twenty2, access, requestOptions, record, signal } = options;
	const send = async () => {
		const inDoubt = mayHaveBeenPlaced(entry);
		entry.attempts++;
		entry.state = { is: 'sent' };
		return await create(call, entry, options).then(
			(answer) => {
				entry.state = { is: 'placed', answer, at: Date.now() };
				return answer;
			},
			async (error: unknown) => {
				// If an earlier attempt may have dialled, a refusal of this one does not change that.
				const failure = failureOnly(error).with(inDoubt ? { outcome: 'unknown' } : {});
				entry.state = settledState(failure);
				// The next attempt may be minutes away, and a crash in between must not leave it in doubt.
				await record?.settle();
				throw failure;
			},
		);
	};

	const outgoing = {
		what: `Call to …${call.toNumber.slice(-4)}`,
		prepare: async () => await record?.recordSent(),
		send,
		judge: judgeOf(entry, options),
		call: {
			idOf: ({ call_id }: PlacedCall) => call_id,
			// The look is about another call, so it does not count among the attempts of this entry.
			isOver: async (callId: string) =>
				hasEnded(twenty2.simplify(await twenty2.getCall(callId, requestOptions))),
		},
	};
	const { creates } = access;
	return await sendAndHold(outgoing, requestOptions, creates, signal).catch((error: unknown) => {
		const outcome = mayHaveBeenPlaced(entry) ? 'unknown' : 'not_placed';
		throw failureOnly(error).with({ attempts: entry.attempts, outcome });
	});
}

/** The retry rule of a create. While a listed call may be the lost one, it is never sent again. */
function judgeOf(
	entry: Entry,
	{ retryUnknownOutcome }: Pick<PlaceCallOptions, 'retryUnknownOutcome'>,
) {
	return (error: Error) =>
		verdictOn(error, { retryUnknownOutcome: retryUnknownOutcome && !entry.ambiguous });
}

/** Sends one create. @returns its answer or, where that got lost, the call in the call logs */
async function create(call: NewCall, entry: Entry, context: CallContext): Promise<PlacedCall> {
	const sentAt = Date.now();
	const claim = new Claim([call.assistantId, call.fromNumber, call.toNumber].join(' '));
	const { twenty2, requestOptions } = context;
	const { timeoutMs } = requestOptions;
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
			const found = lost && (await findLostCall(call, entry, sentAt, claim, context));
			if (found) return found;
			throw failure;
		},
	);
}

/** What earlier tries of an item mean for its failure: a call was placed, or may have been. */
export function earlierOutcome(entries: Entry[]): {
	outcome?: 'placed' | 'unknown';
	call_id?: string;
} {
	const placed = entries.flatMap(({ state }) => (state.is === 'placed' ? [state.answer] : []));
	const [answer] = placed;
	if (answer) return { outcome: 'placed', call_id: placedCall.parse(answer).call_id };
	return entries.some(mayHaveBeenPlaced) ? { outcome: 'unknown' } : {};
}

/** Whether the person was certainly not phoned for this entry. */
export function certainlyNotPlaced({ state }: Entry): boolean {
	return state.is === 'unsent' || state.is === 'not placed';
}

/** Whether the person may have been phoned, without an answer that says so. */
function mayHaveBeenPlaced({ state }: Entry): boolean {
	return state.is === 'sent' || state.is === 'unknown';
}

function settledState({ fields }: Failure): Entry['state'] {
	return fields.outcome === 'unknown' ? { is: 'unknown', why: fields } : { is: 'not placed' };
}
