import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { useVirtualTime } from '../engine/virtualTime';
import { surprises } from './expectedStates';
import { stateCells, States } from './states';

let states: States;
beforeAll(async () => {
	states = await States.start();
});
afterAll(() => states.close());

describe('In every state of the limiter, every fault teaches it what it can and no more', () => {
	useVirtualTime();

	it.each(stateCells().map((cell) => [`${cell.state}: ${cell.fault.name}`, cell] as const))(
		'the limiter learns what it can and no more: %s',
		async (_, cell) => {
			const after = await states.play(cell);
			expect(surprises(cell, after)).toEqual([]);
			expect(after.callsToOne).toBe(1);
		},
	);
});
