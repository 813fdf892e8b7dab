import type { CountingRule, Limits } from './limits';

/** At most `requestsPerMinute` in any period of `windowMs`. */
export function slidingWindow(limits: Limits): CountingRule {
	const arrivals: number[] = [];
	return {
		arrive(at) {
			const first = arrivals.findIndex((earlier) => at - earlier < limits.windowMs);
			arrivals.splice(0, first === -1 ? arrivals.length : first);
			const allowed = arrivals.length < limits.requestsPerMinute;
			if (allowed || limits.countRefused) arrivals.push(at);
			if (allowed) return 0;
			const blocking = arrivals[arrivals.length - limits.requestsPerMinute] ?? at;
			return blocking + limits.windowMs - at;
		},
	};
}
