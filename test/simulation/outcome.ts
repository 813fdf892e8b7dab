import { lastStart } from './lines';

/** All times are in seconds since the start of the simulation. */
export interface WorkerOutcome {
	placed: number;
	/** Leads that the client gave up. */
	gaveUp: number;
	startsAt: number;
	/** When the last call was placed. */
	doneAt: number;
	/** The longest time that a lead was worked on. */
	longestWait: number;
	/** The longest time without a call placed. */
	longestDrought: number;
}

export interface Outcome {
	workers: WorkerOutcome[];
	requests: number;
	/** Requests answered "too many requests". */
	refused: number;
	creates: number;
	refusedCreates: number;
	/** How long the placed calls last, in the order of placing, in seconds. */
	lengths: number[];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

export const placed = ({ workers }: Outcome) => sum(workers.map((worker) => worker.placed));

export const gaveUp = ({ workers }: Outcome) => sum(workers.map((worker) => worker.gaveUp));

/** When the last call was placed, in seconds. */
export const doneAt = ({ workers }: Outcome) => Math.max(...workers.map((worker) => worker.doneAt));

export const longestWait = ({ workers }: Outcome) =>
	Math.max(...workers.map((worker) => worker.longestWait));

export const longestDrought = ({ workers }: Outcome) =>
	Math.max(...workers.map((worker) => worker.longestDrought));

/** Of an hour's 3600 requests. Beyond 1 where a minute that began before the hour counts. */
export const utilisation = (outcome: Outcome) => placed(outcome) / 3_600;

export const shareRefused = ({ refused, requests }: Outcome) => refused / requests;

export const shareOfCreatesRefused = ({ refusedCreates, creates }: Outcome) =>
	refusedCreates / creates;

/**
 * When the last call was placed, in times the ideal: the same calls in the same order, each on the
 * first line to be free, at once.
 */
export const timesIdeal = (lines: number) => (outcome: Outcome) =>
	doneAt(outcome) / lastStart(lines, outcome.lengths);

/**
 * Jain's fairness index of what the workers placed: 1 when all placed the same, 1/n when one of n
 * placed everything.
 */
export const fairness = ({ workers }: Outcome) => {
	const counts = workers.map((worker) => worker.placed);
	return sum(counts) ** 2 / (counts.length * sum(counts.map((count) => count ** 2)));
};
