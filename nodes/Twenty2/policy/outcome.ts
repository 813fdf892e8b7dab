/** Twenty2 refused a request for "too many requests" (429). */
export interface RateLimited {
	is: 'rate limited';
	/** Twenty2's words. */
	message: string;
	/** How long it asks to wait. */
	retryAfterMs: number;
	/** Why requests are not sent that stop waiting meanwhile. */
	unsent: Error;
}

/** How a request ended. Every floor that lets requests through is told so in these words. */
export type Outcome =
	/** Any answer but "too many requests". Of a create that placed a call, with its ID. */
	| { is: 'answered'; callId?: string }
	| RateLimited
	/**
	 * The request may have arrived, so it counts. It proves nothing: neither that the limit has room nor that
	 * a line is free.
	 */
	| { is: 'no answer' }
	/** The request was not sent, so it does not count. */
	| { is: 'unsent' };
