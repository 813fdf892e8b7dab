/** What one key may do. Read at every request, so changing a field takes effect at once. */
export interface Limits {
	/** Requests of any kind in one window. */
	requestsPerMinute: number;
	/** How long that "minute" is. */
	windowMs: number;
	/** Calls that have not ended. */
	concurrentCalls: number;
	/** Off: calls beyond `concurrentCalls` are placed all the same, and only counted. */
	refuseConcurrent: boolean;
	/** Whether a request that was refused fills the window too; the documents do not say. */
	countRefused: boolean;
	/** Whether a refusal says in `Retry-After` how long to wait; the documents mention no such header. */
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

/** A way of counting the requests of one key. */
export interface CountingRule {
	/** Notes an arrival. Answers 0 when it is welcome, else how many ms to stay away. */
	arrive(at: number): number;
}

/** Makes the rule for one key. Another way of counting is another function of this type. */
export type Counting = (limits: Limits) => CountingRule;
