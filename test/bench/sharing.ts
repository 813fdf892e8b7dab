import { calendarMinute, slidingWindow, tokenBucket, type Counting } from '../../sandbox';
import { simulate, type Scenario } from '../simulation/simulate';
import type { Bench, Figure } from './figure';
import { median } from './median';

const secondsAnHour = 3_600;
const possibleAnHour = 3_600;
const seeds = [1, 2, 3, 4, 5];

/** More than any worker can place. */
const endless = 10_000;
const mostRefused = 0.1;

/** In times what is possible. */
const mostTime = 1.25;

async function hourOf(count: number, more: Partial<Scenario>) {
	const workers = Array.from({ length: count }, () => ({ leads: endless }));
	const utilisations: number[] = [];
	const refused: number[] = [];
	for (const seed of seeds) {
		const outcome = await simulate({ workers, seed, until: secondsAnHour, ...more });
		utilisations.push(outcome.placed / possibleAnHour);
		refused.push(outcome.refused / outcome.requests);
	}
	return { utilisation: median(utilisations), refused: median(refused) };
}

async function figuresOf(name: string, more: Partial<Scenario>): Promise<Figure[]> {
	const figures: Figure[] = [];
	for (const count of [1, 2, 4, 8]) {
		const who = `${name}, ${count} ${count === 1 ? 'worker' : 'workers'}`;
		const { utilisation, refused } = await hourOf(count, more);
		figures.push(
			{ what: `${who}: utilisation`, value: utilisation, unit: '' },
			{
				what: `${who}: time, in times the possible`,
				value: 1 / utilisation,
				unit: '',
				limit: mostTime,
			},
			{ what: `${who}: share of answers 429`, value: refused, unit: '', limit: mostRefused },
		);
	}
	return figures;
}

const ways: Array<[string, Counting, boolean]> = [
	['sliding window', slidingWindow, false],
	['sliding window, refused count too', slidingWindow, true],
	['calendar minute', calendarMinute, true],
	['token bucket', tokenBucket, true],
];

/** In virtual time, the same whenever it is run. */
export const sharing: Bench = {
	name: 'e',
	title: `an hour of 1, 2, 4 and 8 workers on one key, simulated, medians of ${seeds.length}`,
	async measure() {
		const figures: Figure[] = [];
		for (const [name, counting, countRefused] of ways) {
			figures.push(...(await figuresOf(name, { counting, countRefused })));
		}
		return figures;
	},
};
