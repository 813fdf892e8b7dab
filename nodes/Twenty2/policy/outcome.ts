import type { RateLimited } from './rateLimiter';

/** How a request ended. Every floor that lets requests through is told so in these words. */
export type Outcome =
	/** Any answer but "too many requests". Of a create that placed a call, with its ID. */
	| { is: 'answered'; callId?: string }
	| { is: 'rate limited'; limited: RateLimited }
	/**
	 * The request may have arrived, so it counts. It proves nothing: neither that the limit has room nor that
	 * a line is free.
	 */
	| { is: 'no answer' }
	/** The request was not sent, so it does not count. */
	| { is: 'unsent' };
