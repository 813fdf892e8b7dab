import type { CountingRule, Limits } from './limits';

/** At most `requestsPerMinute` in each minute of the clock; a new minute starts from nothing. */
export function calendarMinute(limits: Limits): CountingRule {
	let minute = Number.NaN;
	let count = 0;
	return {
		arrive(at) {
			const current = Math.floor(at / limits.windowMs);
			if (current !== minute) count = 0;
			minute = current;
			const welcome = count < limits.requestsPerMinute;
			if (welcome || limits.countRefused) count++;
			return welcome ? 0 : (current + 1) * limits.windowMs - at;
		},
	};
}
