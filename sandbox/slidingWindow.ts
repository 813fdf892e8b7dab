import type { CountingRule, Limits } from './limits';

/** At most `requestsPerMinute` in any `windowMs`, wherever the window is laid. */
export function slidingWindow(limits: Limits): CountingRule {
	const arrivals: number[] = [];
	return {
		arrive(at) {
			const first = arrivals.findIndex((earlier) => at - earlier < limits.windowMs);
			arrivals.splice(0, first === -1 ? arrivals.length : first);
			const welcome = arrivals.length < limits.requestsPerMinute;
			if (welcome || limits.countRefused) arrivals.push(at);
			if (welcome) return 0;
			const lastInTheWay = arrivals[arrivals.length - limits.requestsPerMinute] ?? at;
			return lastInTheWay + limits.windowMs - at;
		},
	};
}
