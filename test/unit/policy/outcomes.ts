import type { RateLimited } from '../../../nodes/Twenty2/policy/outcome';
import type { Permit, PermitRequest, RateLimiter } from '../../../nodes/Twenty2/policy/rateLimiter';

/** How a request can end. */
export const answered = { is: 'answered' } as const;
export const noAnswer = { is: 'no answer' } as const;
export const unsent = { is: 'unsent' } as const;

/** Why a request is not sent that stops waiting. */
export const because = new Error('too many requests');

export const rateLimited = (retryAfterMs = 0, why = because): RateLimited => ({
	is: 'rate limited',
	message: because.message,
	retryAfterMs,
	unsent: why,
});

/** Acquires a permit, for a request that needs no line. */
export async function permitOf(
	limiter: RateLimiter,
	request: Partial<PermitRequest> = {},
): Promise<Permit> {
	const permit = await limiter.acquire({ signal: new AbortController().signal, ...request });
	if (!permit) throw new Error('a request that needs no line is not sent back');
	return permit;
}
