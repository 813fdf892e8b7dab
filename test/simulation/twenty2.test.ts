import { expect, it } from 'vitest';

import { callLengths } from './callLengths';
import { lastStart } from './lines';
import { TooManyRequests, Twenty2, type Twenty2Options } from './twenty2';
import { inVirtualTime, pass } from './virtualTime';

const calls = { mean: 30, sigma: 0 };

/** Uses a Twenty2 with an instant network. */
const use = async <T>(
	options: Twenty2Options,
	work: (twenty2: Twenty2) => Promise<T>,
): Promise<T> =>
	await inVirtualTime(1, async () => {
		const network = { least: 0, most: 0 };
		return await work(new Twenty2({ network, calls, ...options }, 1));
	});

const refusedForMs = async (request: Promise<unknown>): Promise<number> => {
	const rejection: unknown = await request.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!(rejection instanceof TooManyRequests)) throw new Error('The request was not refused');
	return rejection.retryAfterMs;
};

const times = async (count: number, work: () => Promise<unknown>) => {
	for (let n = 0; n < count; n++) await work();
};

it('the simulated Twenty2 takes 60 requests in any 60 seconds, reads included', async () => {
	await use({ retryAfter: true }, async (twenty2) => {
		const callId = await twenty2.create();
		await times(59, async () => await twenty2.isOver(callId));
		expect(await refusedForMs(twenty2.create())).toBe(60_000);
		expect(twenty2).toMatchObject({ requests: 61, refused: 1, creates: 2, refusedCreates: 1 });
		await pass(60_000);
		await twenty2.create();
	});
});

it('the simulated Twenty2 says when a call is over', async () => {
	await use({}, async (twenty2) => {
		const callId = await twenty2.create();
		await pass(29_999);
		expect(await twenty2.isOver(callId)).toBe(false);
		await pass(1);
		expect(await twenty2.isOver(callId)).toBe(true);
	});
});

it('the simulated Twenty2 refuses a create beyond its lines, and counts it', async () => {
	await use({ lines: 3, retryAfter: true }, async (twenty2) => {
		await times(3, async () => await twenty2.create());
		await times(57, async () => expect(await refusedForMs(twenty2.create())).toBe(30_000));
		await pass(30_000);
		expect(await refusedForMs(twenty2.create())).toBe(30_000);
		await pass(30_000);
		await twenty2.create();
	});
});

it('the simulated Twenty2 has fewer lines while others hold some', async () => {
	const heldByOthers = { lines: 2, seconds: 60 };
	await use({ lines: 3, heldByOthers }, async (twenty2) => {
		await twenty2.create();
		await refusedForMs(twenty2.create());
		await pass(60_000);
		await times(3, async () => await twenty2.create());
	});
});

it('the simulated Twenty2 accepts every create where it queues calls itself', async () => {
	await use({ lines: 1, queuesCalls: true }, async (twenty2) => {
		await twenty2.create();
		const queued = await twenty2.create();
		await pass(59_999);
		expect(await twenty2.isOver(queued)).toBe(false);
		await pass(1);
		expect(await twenty2.isOver(queued)).toBe(true);
	});
});

it('the simulated Twenty2 refuses one request without a reason', async () => {
	await use({ strayRefusal: 2 }, async (twenty2) => {
		await twenty2.create();
		expect(await refusedForMs(twenty2.create())).toBe(0);
		await twenty2.create();
	});
});

it('the lengths of calls have the mean and the spread that were asked for', () => {
	const next = callLengths({ mean: 60, sigma: 0.6 }, 1);
	const lengths = Array.from({ length: 20_000 }, () => next() / 1_000);
	const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
	const logarithms = lengths.map(Math.log);
	const middle = mean(logarithms);
	expect(mean(lengths)).toBeCloseTo(60, -1);
	expect(Math.sqrt(mean(logarithms.map((log) => (log - middle) ** 2)))).toBeCloseTo(0.6, 1);
});

it('the lengths of calls are repeated by their seed', () => {
	const lengths = { mean: 60, sigma: 0.6 };
	expect(callLengths(lengths, 5)()).toBe(callLengths(lengths, 5)());
});

it('the ideal refills each line at once', () => {
	expect(lastStart(2, [10, 30, 5, 5])).toBe(15);
});
