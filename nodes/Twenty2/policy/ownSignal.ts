/**
 * A signal that fires with another one, for a listener of one's own: Node takes many listeners on one
 * signal for a leak, and a run has one signal for all its items.
 */
export const ownSignal = (stopped: AbortSignal): AbortSignal => AbortSignal.any([stopped]);
