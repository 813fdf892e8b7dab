import { describe, expect, it } from 'vitest';

import { calendarMinute, slidingWindow, tokenBucket } from '../../sandbox';
import { simulate, type Outcome, type Worker } from './simulate';

const HOUR = 3_600;
const endless = 10_000;
const seeds = [1, 2, 3];

const many = (count: number, worker: (n: number) => Worker) =>
	Array.from({ length: count }, (_, n) => worker(n));

/** Beyond 1 where a minute that began before the hour counts. */
const utilisation = ({ placed }: Outcome) => placed / HOUR;
const shareRefused = ({ refused, requests }: Outcome) => refused / requests;
const gaveUp = ({ workers }: Outcome) => workers.reduce((sum, worker) => sum + worker.gaveUp, 0);
const longestDrought = ({ workers }: Outcome) =>
	Math.max(...workers.map((worker) => worker.longestDrought));

describe('Workers that share a key for an hour', () => {
	describe.each([1, 2, 4, 8])('%i of them', (count) => {
		it.each([
			['started together', 0],
			['started one after the other', 90],
		])('%s use the limit, are seldom refused, and nobody starves', async (_, apart) => {
			for (const seed of seeds) {
				const workers = many(count, (n) => ({ leads: endless, startsAt: n * apart }));
				const outcome = await simulate({ workers, seed, until: HOUR });
				expect(utilisation(outcome)).toBeGreaterThan(0.9);
				expect(shareRefused(outcome)).toBeLessThanOrEqual(0.1);
				expect(gaveUp(outcome)).toBeLessThanOrEqual(outcome.placed / 1_000);
				expect(longestDrought(outcome)).toBeLessThan(300);
			}
		});
	});

	it.each([
		['a sliding window that counts refused requests too', slidingWindow, 0.13],
		['a calendar minute', calendarMinute, 0.16],
		['a token bucket', tokenBucket, 0.15],
	])('use most of %s as well', async (_, counting, mostRefused) => {
		for (const count of [1, 2, 4, 8]) {
			const workers = many(count, () => ({ leads: endless }));
			const scenario = { workers, counting, countRefused: true, until: HOUR };
			const outcome = await simulate({ ...scenario, seed: 1 });
			expect(utilisation(outcome)).toBeGreaterThan(0.8);
			expect(shareRefused(outcome)).toBeLessThanOrEqual(mostRefused);
		}
	});

	it('grow into what a worker leaves behind when it is done', async () => {
		const workers = [{ leads: endless }, { leads: 100 }, { leads: 100 }];
		const outcome = await simulate({ workers, seed: 1, until: HOUR });
		const alone = 60 * 60 - 200;
		expect(outcome.workers[0]?.placed).toBeGreaterThan(0.93 * alone);
	});
});

describe('Workers with a campaign', () => {
	const campaigns: Array<[string, Worker[], number]> = [
		['three of 60 leads', many(3, () => ({ leads: 60 })), 120],
		['three of 60 leads, a moment apart', many(3, (n) => ({ leads: 60, startsAt: n / 20 })), 120],
		['three of 120 leads', many(3, () => ({ leads: 120 })), 300],
		['a large one and two small ones', [{ leads: 150 }, { leads: 20 }, { leads: 10 }], 120],
	];

	it.each(campaigns)('%s: are done nearly when the limit allows', async (_, workers, possible) => {
		for (const seed of seeds) {
			for (const network of [
				{ least: 1, most: 4 },
				{ least: 10, most: 100 },
			]) {
				const outcome = await simulate({ workers, seed, network });
				expect(outcome.placed).toBe(workers.reduce((sum, { leads }) => sum + leads, 0));
				expect(outcome.seconds).toBeLessThanOrEqual(1.25 * possible);
				expect(shareRefused(outcome)).toBeLessThanOrEqual(0.1);
			}
		}
	});

	it('wait as long as Twenty2 says, where it does', async () => {
		const workers = many(3, () => ({ leads: 60 }));
		const outcome = await simulate({ workers, seed: 1, retryAfter: true });
		expect(outcome.placed).toBe(180);
		expect(outcome.seconds).toBeLessThanOrEqual(1.25 * 120);
	});

	it('get in beside one that has used the key alone for long', async () => {
		for (const seed of seeds) {
			const late = { leads: 20, startsAt: 70 };
			const outcome = await simulate({ workers: [{ leads: 900 }, late], seed });
			expect(gaveUp(outcome)).toBe(0);
			expect(outcome.workers[1]).toMatchObject({ placed: 20 });
			expect(outcome.workers[1]?.doneAt).toBeLessThan(420);
		}
	});
});

describe('Calls beyond those that may be live', () => {
	it.each([2.5, 5, 20, 60, 180])(
		'of %d seconds: follow soon after a line is free',
		async (seconds) => {
			for (const seed of seeds) {
				const live = { calls: 3, seconds };
				const network = { least: 1, most: 50 };
				const outcome = await simulate({ workers: [{ leads: 12 }], live, network, seed });
				expect(outcome.placed).toBe(12);
				// The last of four rounds begins after three of them.
				const possible = 3 * seconds;
				expect(outcome.seconds).toBeLessThanOrEqual(Math.max(1.5 * possible, possible + 8));
			}
		},
	);

	it('are all placed by workers that share the lines', async () => {
		const workers = many(3, () => ({ leads: 12 }));
		const outcome = await simulate({ workers, live: { calls: 3, seconds: 20 }, seed: 1 });
		expect(outcome.placed).toBe(36);
		expect(outcome.seconds).toBeLessThan(1.5 * 11 * 20);
	});
});

describe('A simulation', () => {
	const scenario = { workers: many(3, () => ({ leads: 60 })) };

	it('is repeated by its seed', async () => {
		expect(await simulate({ ...scenario, seed: 7 })).toEqual(
			await simulate({ ...scenario, seed: 7 }),
		);
	});

	it('is another one with another seed', async () => {
		const outcome = await simulate({ ...scenario, seed: 7 });
		expect(await simulate({ ...scenario, seed: 8 })).not.toEqual(outcome);
	});
});
