import type { Twenty2 } from '../twenty2';

/**
 * Places one call and waits until Twenty2 has accepted it.
 * @param stopped ends the waiting
 * @throws the signal's reason, or the last refusal when the client gives up
 */
export type PlaceCall = (stopped: AbortSignal) => Promise<void>;

/** A way to treat "too many requests". Each process starts one of its own. */
export type Client = (twenty2: Twenty2) => PlaceCall;
