import {
	doneAt,
	fairness,
	longestWait,
	placed,
	shareOfCreatesRefused,
	shareRefused,
	timesIdeal,
	utilisation,
	type Outcome,
} from './outcome';
import type { Scenario, Worker } from './simulate';

/** A figure of an outcome, and what it has to be. Without a bound it is only reported. */
export interface Target {
	what: string;
	/** Empty where the value is a ratio. */
	unit: string;
	value: (outcome: Outcome) => number;
	least?: number;
	most?: number;
}

export interface ScenarioWithTargets {
	name: string;
	scenario: Scenario;
	targets: Target[];
}

export const HOUR = 3_600;

/** More leads than any worker can place. */
export const endless = Number.POSITIVE_INFINITY;

export const many = (count: number, worker: Worker): Worker[] =>
	Array.from({ length: count }, () => worker);

const seconds = (what: string, value: (outcome: Outcome) => number, most: number): Target => ({
	what,
	unit: 's',
	value,
	most,
});

const ratio = (what: string, value: (outcome: Outcome) => number, bound = {}): Target => ({
	what,
	unit: '',
	value,
	...bound,
});

const done = (most: number) => seconds('done', doneAt, most);

/** Of requests and of creates. They differ where a client reads; the bound is on creates. */
const refused = (most?: number): Target[] => [
	ratio('share of creates refused', shareOfCreatesRefused, { most }),
	ratio('share of requests refused', shareRefused),
];

/** The seconds until a window of 60 requests a minute can have taken a number of requests. */
const windowTakes = (requests: number) => Math.floor((requests - 1) / 60) * 60;

const strayRefusal: ScenarioWithTargets = {
	name: '50 leads, a stray 429 at the 20th request',
	scenario: { workers: [{ leads: 50 }], strayRefusal: 20, calls: { mean: 20, sigma: 0.3 } },
	targets: [done(4), ...refused()],
};

interface BusyLines {
	workers: Worker[];
	mean: number;
	sigma: number;
	mostTime?: number;
	mostRefused?: number;
}

const LINES = 3;

function busyLines({
	workers,
	mean,
	sigma,
	mostTime,
	mostRefused,
}: BusyLines): ScenarioWithTargets {
	const [{ leads } = { leads: 0 }] = workers;
	const who =
		workers.length === 1 ? `${leads} leads` : `${workers.length} workers of ${leads} leads`;
	return {
		name: `${who} on ${LINES} lines, calls of ${mean} s (sigma ${sigma})`,
		scenario: { workers, lines: LINES, calls: { mean, sigma } },
		targets: [
			ratio('time, in times the ideal', timesIdeal(LINES), { most: mostTime }),
			...refused(mostRefused),
		],
	};
}

const alone = [{ leads: 60 }];

const linesRefused: ScenarioWithTargets[] = [
	busyLines({ workers: alone, mean: 20, sigma: 0.3, mostTime: 1.12, mostRefused: 0.1 }),
	busyLines({ workers: alone, mean: 60, sigma: 0.6, mostTime: 1.06, mostRefused: 0.1 }),
	busyLines({ workers: alone, mean: 120, sigma: 0.8, mostTime: 1.04, mostRefused: 0.1 }),
	busyLines({
		workers: many(3, { leads: 30 }),
		mean: 60,
		sigma: 0.6,
		mostTime: 1.08,
		mostRefused: 0.4,
	}),
	...[5, 8, 12].map((mean) => busyLines({ workers: [{ leads: 40 }], mean, sigma: 0.5 })),
];

/** The ideal has all three lines from the start, so that it is not reached. */
const linesGivenBack: ScenarioWithTargets = {
	name: '40 leads of 20 s, two of three lines held by others for a minute',
	scenario: {
		workers: [{ leads: 40 }],
		lines: LINES,
		calls: { mean: 20, sigma: 0.3 },
		heldByOthers: { lines: 2, seconds: 60 },
	},
	targets: [ratio('time, in times the ideal', timesIdeal(LINES), { most: 1.5 }), ...refused()],
};

const linesHeldByOthers: ScenarioWithTargets = {
	name: '30 leads of 30 s, two of three lines held by others for 10 minutes',
	scenario: {
		workers: [{ leads: 30 }],
		lines: LINES,
		calls: { mean: 30, sigma: 0 },
		heldByOthers: { lines: 2, seconds: 600 },
	},
	targets: [{ what: 'placed', unit: 'calls', value: placed, least: 30 }, ...refused()],
};

const callsQueued: ScenarioWithTargets = {
	name: '200 leads, Twenty2 queues calls itself',
	scenario: {
		workers: [{ leads: 200 }],
		lines: LINES,
		calls: { mean: 30, sigma: 0 },
		queuesCalls: true,
	},
	targets: [done(1.02 * windowTakes(200)), ...refused()],
};

interface SharedHour {
	workers: number;
	leastUsed: number;
	mostRefused: number;
	longest?: number;
}

function sharedHour({ workers, leastUsed, mostRefused, longest }: SharedHour): ScenarioWithTargets {
	return {
		name: `an hour of ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
		scenario: { workers: many(workers, { leads: endless }), until: HOUR },
		targets: [
			ratio('used', utilisation, { least: leastUsed }),
			...refused(mostRefused),
			ratio("Jain's fairness index", fairness, { least: 0.95 }),
			{ what: 'longest wait of a lead', unit: 's', value: longestWait, most: longest },
		],
	};
}

const sharedHours: ScenarioWithTargets[] = [
	sharedHour({ workers: 1, leastUsed: 0.99, mostRefused: 0 }),
	sharedHour({ workers: 2, leastUsed: 0.95, mostRefused: 0.03 }),
	sharedHour({ workers: 3, leastUsed: 0.95, mostRefused: 0.04 }),
	sharedHour({ workers: 8, leastUsed: 0.96, mostRefused: 0.08 }),
	sharedHour({ workers: 32, leastUsed: 0.95, mostRefused: 0.2, longest: 300 }),
];

const threeCampaigns: ScenarioWithTargets = {
	name: '3 workers of 60 leads',
	scenario: { workers: many(3, { leads: 60 }) },
	targets: [done(1.1 * windowTakes(180)), ...refused(0.06)],
};

/** The time of the worker that came last, in seconds. */
export const newcomerTakes = ({ workers }: Outcome) =>
	Math.max(...workers.slice(-1).map((newcomer) => newcomer.doneAt - newcomer.startsAt));

const newcomers = [70, 85, 100, 115, 130, 300].map(
	(startsAt): ScenarioWithTargets => ({
		name: `20 leads that start at ${startsAt} s beside 900`,
		scenario: { workers: [{ leads: 900 }, { leads: 20, startsAt }] },
		targets: [seconds('newcomer done after', newcomerTakes, 180), ...refused()],
	}),
);

/** What the node's policy has to reach. */
export const scenarios: ScenarioWithTargets[] = [
	strayRefusal,
	...linesRefused,
	linesHeldByOthers,
	linesGivenBack,
	callsQueued,
	...sharedHours,
	threeCampaigns,
	...newcomers,
];
