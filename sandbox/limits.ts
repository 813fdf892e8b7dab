/** The limits of one key. Read at every request, so a change takes effect at once. */
export interface Limits {
	/** Requests of any kind per window. */
	requestsPerMinute: number;
	/** Length of the window in ms: one minute, unless a test shortens it. */
	windowMs: number;
	/** Calls that may be live at the same time. */
	concurrentCalls: number;
	/** When false, calls beyond `concurrentCalls` are placed too, and only counted. */
	refuseConcurrent: boolean;
	/** Whether refused requests count as well. The documentation does not say. */
	countRefused: boolean;
	/** Whether a 429 has a `Retry-After` header. The documentation mentions none. */
	retryAfter: boolean;
}

export const documentedLimits: Limits = {
	requestsPerMinute: 60,
	windowMs: 60_000,
	concurrentCalls: 3,
	refuseConcurrent: true,
	countRefused: true,
	retryAfter: false,
};

/** Counts the requests of one key. */
export interface CountingRule {
	/**
	 * Counts a request.
	 * @param at time of arrival, in ms
	 * @returns 0 when the request is allowed, otherwise the ms until one would be
	 */
	arrive(at: number): number;
}

/** Creates the counting rule of one key. */
export type Counting = (limits: Limits) => CountingRule;
