import { randomUUID } from 'crypto';

import type { NewCall } from '../../api/client';
import { Failure, failureFields, toFailure, failureOnly, outcomeUnknown } from '../../api/failure';
import { placedCall, type PlacedCall } from '../../api/responses';
import { verdictOn } from '../../connection/retryRule';
import { Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import { sendAndHold, type Answered } from '../../policy/retry';
import type { CallEnds } from './callEnds';
import { findLostCall, type CallContext } from './findLostCall';

/** What is recorded of a create beside its entry, and outlasts the execution. */
export interface SendRecord {
	/** @throws Failure when it is known already that the create must not be sent */
	check?(): void;
	/** Records that the create is about to be sent. @throws Failure when it must not be sent */
	recordSent(): Promise<void>;
	/** Records what the entry says of the create that was sent last. It never throws. */
	settle(): Promise<void>;
}

export interface PlaceCallOptions extends CallContext {
	record?: SendRecord;
	/** Called when a create is about to be sent. @throws Failure when it must not be sent now */
	checkTime?: () => void;
	/** Whether to place the call again when it is unknown whether it was placed. */
	retryUnknownOutcome: boolean;
	/** Which of the calls that are looked at are over. */
	ends: CallEnds;
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
	const { twenty2, access, requestOptions, record, checkTime, ends, signal } = options;
	const send = async (lost: (rejection: Error) => void) => {
		const inDoubt = mayHaveBeenPlaced(entry);
		entry.attempts++;
		entry.state = { is: 'sent' };
		return await create(call, entry, options, lost).then(
			(answer) => {
				entry.state = { is: 'placed', answer, at: Date.now() };
				return answer;
			},
			async (error: unknown) => {
				// If an earlier attempt may have dialled, a refusal of this one does not change that.
				const failure = failureOf(error).with(inDoubt ? { outcome: 'unknown' } : {});
				entry.state = settledState(failure);
				if (definitelyRefused(failure)) entry.idempotencyKey = randomUUID();
				// The next attempt may be minutes away, and a crash in between must not leave it in doubt.
				await record?.settle();
				throw failure;
			},
		);
	};

	const outgoing = {
		what: `Call to …${call.toNumber.slice(-4)}`,
		prepare: async () => {
			// Any time may have passed in the queue or a backoff.
			checkTime?.();
			await record?.recordSent();
		},
		send,
		judge: judgeOf(entry, options),
		call: {
			idOf: ({ call_id }: PlacedCall) => call_id,
			// The look is about another call, so it does not count among the attempts of this entry.
			isOver: async (callId: string) =>
				ends.isOver(callId, twenty2.unify(await twenty2.getCall(callId, requestOptions))),
		},
	};
	const placed = async () => {
		// Who must not be phoned need not wait for the limit to be told so.
		checkTime?.();
		record?.check?.();
		return await sendAndHold(outgoing, requestOptions, access.creates, signal);
	};
	return await placed().catch((error: unknown) => {
		const outcome = mayHaveBeenPlaced(entry) ? 'unknown' : 'not_placed';
		throw failureOnly(error).with({ attempts: entry.attempts, outcome });
	});
}

/** The failure of a create that was sent. After a fault nothing tells whether the person was phoned. */
function failureOf(error: unknown): Failure {
	return error instanceof Failure ? error : toFailure(error).with({ outcome: 'unknown' });
}

/** The retry rule of a create. While a listed call may be the lost one, it is never sent again. */
function judgeOf(
	entry: Entry,
	{ retryUnknownOutcome }: Pick<PlaceCallOptions, 'retryUnknownOutcome'>,
) {
	return (error: Error) =>
		verdictOn(error, { retryUnknownOutcome: retryUnknownOutcome && !entry.ambiguous });
}

/**
 * Sends one create, and looks into the call logs where its answer does not tell what became of it.
 * @param lost called before the look
 * @returns the answer or, where that is missing, the call in the call logs
 */
async function create(
	call: NewCall,
	entry: Entry,
	context: CallContext,
	lost: (rejection: Error) => void,
): Promise<PlacedCall> {
	const sentAt = Date.now();
	const claim = new Claim([call.assistantId, call.fromNumber, call.toNumber].join(' '));
	const { twenty2, requestOptions } = context;
	const { timeoutMs, maxRetries } = requestOptions;
	const idempotencyKey = entry.idempotencyKey ?? entry.id;
	const answered = twenty2.createCall(call, { idempotencyKey, timeoutMs });
	return await answered.then(
		(answer) => {
			claim.take(answer.call_id);
			claim.settled();
			return answer;
		},
		async (error: unknown) => {
			claim.settled();
			const failure = failureOnly(error);
			const hadTrouble = saysTrouble(failure);
			const mayBeListed = hadTrouble || failure.fields.code === 'OUTCOME_UNKNOWN';
			if (!twenty2.callsSince || !mayBeListed) throw failure;
			lost(failure);
			// Trouble at Twenty2 may be with the call logs too, and decides whether the person is phoned.
			const lastRetries = hadTrouble ? maxRetries : 0;
			const sent = { sentAt, claim };
			const finding = await findLostCall(call, entry, sent, lastRetries, context);
			if (finding.is === 'placed') return finding.call;
			throw hadTrouble && finding.is === 'unclear' ? undecided(failure) : failure;
		},
	);
}

/** Whether Twenty2 itself answered that it had trouble, and that nobody was phoned. */
function saysTrouble(failure: Failure): boolean {
	// What may have dialled is never sent again, so this is no answer that leaves doubt.
	return failure.fields.status !== null && verdictOn(failure).again === 'after backoff';
}

/** Twenty2 had trouble, and its call logs do not tell that nobody was phoned. */
function undecided({ fields: { status, message } }: Failure): Failure {
	const what = 'The call logs do not tell whether the call was placed';
	return outcomeUnknown(`${what}. Twenty2 said: ${message}`, status);
}

/**
 * Whether the answer to a create says that the same create will never be accepted. After trouble at
 * Twenty2 or "too many requests" the same create is sent again, so it keeps its idempotency key: should
 * the answer be wrong, the key still protects the person.
 */
function definitelyRefused(failure: Failure): boolean {
	return failure.fields.outcome === 'not_placed' && verdictOn(failure).again === 'never';
}

/** What earlier tries of an item mean for its failure: a call was placed, or may have been. */
export function earlierOutcome(entries: Entry[]): {
	outcome?: 'placed' | 'unknown';
	call_id?: string;
} {
	const placed = entries.flatMap(({ state }) => (state.is === 'placed' ? [state.answer] : []));
	const [answer] = placed;
	if (answer) return { outcome: 'placed', call_id: placedCall.safeParse(answer).data?.call_id };
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
