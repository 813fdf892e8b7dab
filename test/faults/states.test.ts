import { afterAll, beforeAll, expect, it } from 'vitest';

import { useVirtualTime } from '../engine/virtualTime';
import { surprises } from './expectedStates';
import { stateCells, States } from './states';

let states: States;
beforeAll(async () => {
	states = await States.start();
});
afterAll(() => states.close());

useVirtualTime();

it.each(stateCells().map((cell) => [`${cell.state}: ${cell.fault.name}`, cell] as const))(
	'the limiter learns what it can and no more: %s',
	async (_, cell) => {
		const after = await states.play(cell);
		expect(surprises(cell, after)).toEqual([]);
		expect(after.callsToOne).toBe(1);
	},
);
