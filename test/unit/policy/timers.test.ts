import { expect, it } from 'vitest';

import { clearTimeout, setTimeout } from '../../../nodes/Twenty2/policy/timers';
import { pass, useFakeTime } from './fakeTime';

useFakeTime();

const started = (ms: number) => {
	let runs = 0;
	const timer = setTimeout(() => runs++, ms);
	return { timer, runs: () => runs };
};

it('the timer of bundled libraries runs once, when its time has come', async () => {
	const { runs } = started(1_000);
	await pass(999);
	expect(runs()).toBe(0);
	await pass(1);
	expect(runs()).toBe(1);
	await pass(10_000);
	expect(runs()).toBe(1);
});

it('the timer of bundled libraries never runs once it is cleared', async () => {
	const { timer, runs } = started(1_000);
	await pass(500);
	clearTimeout(timer);
	await pass(10_000);
	expect(runs()).toBe(0);
});

it('the timer of bundled libraries is cleared without harm where there is none, or when it has run', async () => {
	clearTimeout(undefined);
	const { timer, runs } = started(1_000);
	await pass(1_000);
	clearTimeout(timer);
	expect(runs()).toBe(1);
});
