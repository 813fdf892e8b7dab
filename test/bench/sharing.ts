import { botocoreAdaptive } from '../simulation/clients/botocoreAdaptive';
import type { Client } from '../simulation/clients/client';
import { fullJitter } from '../simulation/clients/fullJitter';
import { nodePolicy } from '../simulation/clients/nodePolicy';
import { gaveUp, type Outcome } from '../simulation/outcome';
import { scenarios, type ScenarioWithTargets } from '../simulation/scenarios';
import { simulate } from '../simulation/simulate';
import type { Bench, Figure } from './figure';
import { median } from './median';

const seeds = [1, 2, 3, 4, 5, 6, 7];

const baselines: Array<[string, Client]> = [
	['full jitter', fullJitter],
	['botocore adaptive', botocoreAdaptive],
];

async function outcomesOf({ scenario }: ScenarioWithTargets, client: Client): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const seed of seeds) outcomes.push(await simulate(scenario, seed, client));
	return outcomes;
}

async function figuresOf(row: ScenarioWithTargets): Promise<Figure[]> {
	const outcomes = await outcomesOf(row, nodePolicy);
	const others: Array<[string, Outcome[]]> = [];
	for (const [name, client] of baselines) others.push([name, await outcomesOf(row, client)]);

	const figures = row.targets.map(({ what, unit, value, least, most }) => ({
		what: `${row.name}: ${what}`,
		value: median(outcomes.map(value)),
		unit,
		least,
		limit: most,
		others: Object.fromEntries(others.map(([name, theirs]) => [name, median(theirs.map(value))])),
	}));
	const givenUp = Math.max(...outcomes.map(gaveUp));
	// The baselines never give up.
	return [...figures, { what: `${row.name}: leads given up`, value: givenUp, unit: '', limit: 0 }];
}

/** In virtual time, the same whenever it is run. */
export const sharing: Bench = {
	name: 'e',
	title: `one key shared, beside AWS's ways to retry, simulated, medians of ${seeds.length}`,
	async measure() {
		const figures: Figure[] = [];
		for (const row of scenarios) figures.push(...(await figuresOf(row)));
		return figures;
	},
};
