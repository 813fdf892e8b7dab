import type { CountingRule, Limits } from './limits';

/** A bucket of `requestsPerMinute` tokens that is refilled evenly over the minute; full at first. */
export function tokenBucket(limits: Limits): CountingRule {
	let tokens = limits.requestsPerMinute;
	let filledAt = Number.NaN;
	return {
		arrive(at) {
			const msPerToken = limits.windowMs / limits.requestsPerMinute;
			const sinceThen = Number.isNaN(filledAt) ? 0 : at - filledAt;
			tokens = Math.min(limits.requestsPerMinute, tokens + sinceThen / msPerToken);
			filledAt = at;
			const welcome = tokens >= 1;
			if (welcome) tokens -= 1;
			return welcome ? 0 : (1 - tokens) * msPerToken;
		},
	};
}
