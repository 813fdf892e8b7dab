import { seeded } from './seeded';

/** How long calls last: lognormal, as the lengths of phone calls are. */
export interface CallLengths {
	/** The mean, in seconds. */
	mean: number;
	/** The standard deviation of the logarithm. 0 makes all calls last the mean. */
	sigma: number;
}

/** The lengths of one call after the other, in milliseconds. The same seed gives the same lengths. */
export function callLengths({ mean, sigma }: CallLengths, seed: number): () => number {
	const random = seeded(seed);
	// exp(sigma × z) has the mean exp(sigma² / 2).
	return () => mean * 1_000 * Math.exp(sigma * standardNormal(random) - sigma ** 2 / 2);
}

/** The Box–Muller transform. */
function standardNormal(random: () => number): number {
	const radius = Math.sqrt(-2 * Math.log(1 - random()));
	return radius * Math.cos(2 * Math.PI * random());
}
