import type { CountingRule, Limits } from './limits';

/** At most `requestsPerMinute` in each calendar minute. The count starts at zero every minute. */
export function calendarMinute(limits: Limits): CountingRule {
	let minute = Number.NaN;
	let count = 0;
	return {
		arrive(at) {
			const current = Math.floor(at / limits.windowMs);
			if (current !== minute) count = 0;
			minute = current;
			const allowed = count < limits.requestsPerMinute;
			if (allowed || limits.countRefused) count++;
			return allowed ? 0 : (current + 1) * limits.windowMs - at;
		},
	};
}
