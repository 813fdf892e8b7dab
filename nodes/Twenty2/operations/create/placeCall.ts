import { randomUUID } from 'crypto';

import type { NewCall } from '../../api/client';
import { Failure, failureFields, toFailure, failureOnly, outcomeUnknown } from '../../api/failure';
import { placedCall, type PlacedCall } from '../../api/responses';
import { verdictOn } from '../../connection/retryRule';
import { Claim } from '../../policy/callClaims';
import type { Entry } from '../../policy/ledger';
import type { Lease, Looked } from '../../policy/lease';
import { notSent, untilAnswered } from '../../policy/retry';
import type { CallEnds } from './callEnds';
import { findLostCall, type CallContext } from './findLostCall';

/** Why a create is not sent: another execution is placing the call at this moment, or may have placed it. */
export type HeldBack = 'being placed' | 'in doubt';

/** What n8n's store holds of a call. It outlasts the execution and the process. */
export interface CallRecord {
	/** @returns why the create must not be sent, where that is known without asking n8n */
	known(): HeldBack | undefined;
	/**
	 * Records that the create is about to be sent.
	 * @returns why it must not be sent
	 * @throws Failure when a call was placed before, or nothing can be recorded
	 */
	claim(): Promise<HeldBack | undefined>;
	/**
	 * Waits for a while for what the other execution does.
	 * @throws Failure when it has placed the call, what the store rejects with, or the signal's reason
	 */
	wait(signal: AbortSignal): Promise<void>;
	/** Records what the entry says of the create that was sent last. It never throws. */
	settle(): Promise<void>;
	/** Records what the entry says in the end. It never throws. */
	close(): Promise<void>;
}

export interface PlaceCallOptions extends CallContext {
	record: CallRecord;
	/** Called when a create is about to be sent. @throws Failure when it must not be sent now */
	checkTime?: () => void;
	/** Whether to place the call again when it is unknown whether it was placed. */
	retryUnknownOutcome: boolean;
	/** Which of the calls that are looked at are over. */
	ends: CallEnds;
	/** Fires when no further call is to be placed. */
	signal: AbortSignal;
}

/** A call that was placed, and the line that it holds until that is released. */
export interface Placed {
	answer: PlacedCall;
	release: () => void;
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
	if (lost && !verdictFor(entry, options)(lost).again) throw lost.with({ attempts });
	return undefined;
}

/**
 * Places a call at most once, and writes the outcome into its entry as soon as it is known.
 * @returns Twenty2's answer, and the line that the call holds until the caller releases it; or why nothing was sent
 * @throws Failure whose outcome says whether the person was, or may have been, phoned
 */
export async function placeCall(
	call: NewCall,
	entry: Entry,
	options: PlaceCallOptions,
): Promise<Placed | HeldBack> {
	const { access, requestOptions, record, checkTime, signal } = options;
	const request = {
		what: `Call to …${call.toNumber.slice(-4)}`,
		signal,
		look: async (callId: string) => await lookAt(callId, options),
	};
	const create = {
		...({ kind: 'create', request, patience: requestOptions } as const),
		verdictOn: verdictFor(entry, options),
	};

	const claim = async () => {
		// Any time may have passed in the queue or a backoff.
		checkTime?.();
		const heldBack = await record.claim();
		signal.throwIfAborted();
		return heldBack;
	};
	/** One attempt, in the order in which things happen. */
	const attempt = async (lease: Lease): Promise<Placed | HeldBack> => {
		const heldBack = await claim().catch(notSent);
		if (heldBack) {
			lease.release();
			return heldBack;
		}
		// If an earlier attempt may have dialled, a refusal of this one does not change that.
		const inDoubt = mayHaveBeenPlaced(entry);
		entry.attempts++;
		entry.state = { is: 'sent' };
		const answer = await answerTo(call, entry, lease, options).catch(async (error: unknown) => {
			const failure = failureOfCreate(error).with(inDoubt ? { outcome: 'unknown' } : {});
			entry.state = settledState(failure);
			if (definitelyRefused(failure)) entry.idempotencyKey = randomUUID();
			// The next attempt may be minutes away, and a crash in between must not leave it in doubt.
			await record.settle();
			throw failure;
		});
		entry.state = { is: 'placed', answer, at: Date.now() };
		lease.settle({ is: 'answered', callId: answer.call_id });
		return { answer, release: () => lease.release() };
	};

	try {
		// Who must not be phoned need not wait for the limit to be told so.
		checkTime?.();
		const heldBack = record.known();
		if (heldBack) return heldBack;
		return await untilAnswered(access, create, attempt);
	} catch (error) {
		const outcome = mayHaveBeenPlaced(entry) ? 'unknown' : 'not_placed';
		throw failureOnly(error).with({ attempts: entry.attempts, outcome });
	}
}

/**
 * Sends one create. Where its answer does not tell what became of it, the lease is settled, and a look into the
 * call logs follows.
 * @returns the answer or, where that is missing, the call in the call logs
 */
async function answerTo(
	call: NewCall,
	entry: Entry,
	lease: Lease,
	context: CallContext,
): Promise<PlacedCall> {
	const { twenty2, requestOptions } = context;
	const { timeoutMs, maxRetries } = requestOptions;
	const sentAt = Date.now();
	const claim = new Claim([call.assistantId, call.fromNumber, call.toNumber].join(' '));
	const idempotencyKey = entry.idempotencyKey ?? entry.id;
	const sent = await twenty2.createCall(call, { idempotencyKey, timeoutMs }).catch(failureOfCreate);
	if (!(sent instanceof Failure)) claim.take(sent.call_id);
	claim.settled();
	if (!(sent instanceof Failure)) return sent;

	const { outcome, again } = verdictOn(sent);
	// What may have dialled is never sent again, so this is no answer that leaves doubt.
	const saysTrouble = outcome.is === 'answered' && again;
	if (!twenty2.callsSince || !(saysTrouble || sent.fields.code === 'OUTCOME_UNKNOWN')) throw sent;
	// The look may wait for the permit of this create. What Twenty2 says in trouble may be wrong and proves nothing.
	lease.settle({ is: 'no answer' });
	// Trouble at Twenty2 may be with the call logs too, and decides whether the person is phoned.
	const lastRetries = saysTrouble ? maxRetries : 0;
	const finding = await findLostCall(call, entry, { sentAt, claim }, lastRetries, context);
	if (finding.is === 'placed') return finding.call;
	throw saysTrouble && finding.is === 'unclear' ? undecided(sent) : sent;
}

/** Looks whether a call is over. The look is about another call, so it is no attempt of an entry. */
async function lookAt(
	callId: string,
	{ twenty2, requestOptions, ends }: PlaceCallOptions,
): Promise<Looked> {
	try {
		const body = await twenty2.getCall(callId, requestOptions);
		return { outcome: { is: 'answered' }, isOver: ends.isOver(callId, twenty2.unify(body)) };
	} catch (error) {
		return { outcome: verdictOn(toFailure(error)).outcome };
	}
}

/** The failure of a create that was sent. After a fault nothing tells whether the person was phoned. */
function failureOfCreate(error: unknown): Failure {
	return error instanceof Failure ? error : toFailure(error).with({ outcome: 'unknown' });
}

/** The retry rule of a create. While a listed call may be the lost one, it is never sent again. */
function verdictFor(
	entry: Entry,
	{ retryUnknownOutcome }: Pick<PlaceCallOptions, 'retryUnknownOutcome'>,
) {
	return (error: Error) =>
		verdictOn(error, { retryUnknownOutcome: retryUnknownOutcome && !entry.ambiguous });
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
	return failure.fields.outcome === 'not_placed' && !verdictOn(failure).again;
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

/** Whether the person may have been phoned, without an answer that says so. */
function mayHaveBeenPlaced({ state }: Entry): boolean {
	return state.is === 'sent' || state.is === 'unknown';
}

function settledState({ fields }: Failure): Entry['state'] {
	return fields.outcome === 'unknown' ? { is: 'unknown', why: fields } : { is: 'not placed' };
}
