import { expect, it } from 'vitest';

import { RateLimiter } from '../../../nodes/Twenty2/policy/rateLimiter';
import { Shortage } from '../../../nodes/Twenty2/policy/shortage';
import { pass, settle, useFakeTime, watch } from './fakeTime';
import { answered, permitOf } from './outcomes';

const MINUTE = 60_000;

/** Uses up the limit at the beginning of each of 70 minutes. */
async function saturated(limit: number, demand?: () => number) {
	const limiter = new RateLimiter(limit, new Shortage(), demand);
	for (let minute = 0; minute < 70; minute++) {
		await pass(minute * MINUTE - performance.now());
		for (let n = 0; n < limit; n++) (await permitOf(limiter)).settle(answered);
	}
	await pass(70 * MINUTE - performance.now());
	return { limiter, acquire: () => watch(permitOf(limiter)) };
}

useFakeTime();

it('the permit that is held back is the last one of the window, also where the next requests are spread over it', async () => {
	const { acquire } = await saturated(4);
	const permits = [];
	for (let n = 0; n < 4; n++) {
		await pass(10_000);
		const permit = acquire();
		permits.push(permit);
		await settle();
		permit.value?.settle(answered);
	}
	await pass(2 * MINUTE);
	const seconds = permits.map(({ at = 0 }) => (at - 70 * MINUTE) / 1_000);
	expect(seconds).toEqual([10, 20, 30, 70]);
});

it('no permit is held back where the limit is one request a minute', async () => {
	const { acquire } = await saturated(1);
	const permit = acquire();
	await settle();
	expect(permit.at).toBe(70 * MINUTE);
});

it('the permit of the only request is not held back, for there may be no other program', async () => {
	const { acquire } = await saturated(2, () => 1);
	for (let n = 0; n < 2; n++) {
		const permit = acquire();
		await settle();
		expect(permit.at).toBe(70 * MINUTE);
		permit.value?.settle(answered);
	}
});

it('the permit that is held back is that of the last in the queue while another one is on its way', async () => {
	const { acquire } = await saturated(2, () => 1);
	const permits = [acquire(), acquire()];
	await pass(MINUTE - 1);
	expect(permits.map(({ at }) => at)).toEqual([70 * MINUTE, 70 * MINUTE + 30_000]);
});

it('the permit that is held back goes to the last request as soon as there is no other', async () => {
	let demand = 2;
	const { limiter, acquire } = await saturated(2, () => demand);
	const [first, second] = [acquire(), acquire()];
	await pass(10_000);
	expect([first?.at, second?.at]).toEqual([70 * MINUTE, undefined]);
	demand = 1;
	first?.value?.settle(answered);
	await settle();
	expect(second?.at).toBe(70 * MINUTE + 10_000);
	expect(limiter.state.waiting).toBe(0);
});
