import type { CountingRule, Limits } from './limits';

/** A bucket of `requestsPerMinute` tokens. It starts full and refills evenly over `windowMs`. */
export function tokenBucket(limits: Limits): CountingRule {
	let tokens = limits.requestsPerMinute;
	let refilledAt = Number.NaN;
	return {
		arrive(at) {
			const msPerToken = limits.windowMs / limits.requestsPerMinute;
			const elapsed = Number.isNaN(refilledAt) ? 0 : at - refilledAt;
			tokens = Math.min(limits.requestsPerMinute, tokens + elapsed / msPerToken);
			refilledAt = at;
			const allowed = tokens >= 1;
			if (allowed) tokens -= 1;
			return allowed ? 0 : (1 - tokens) * msPerToken;
		},
	};
}
