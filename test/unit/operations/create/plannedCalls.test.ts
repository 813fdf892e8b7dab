import { expect, it } from 'vitest';

import { PlannedCalls } from '../../../../nodes/Twenty2/operations/create/plannedCalls';

const leftOutOf = (
	noted: Array<[key: string, toNumber: string]>,
	placed: number[],
	duplicates: number[],
) => {
	const calls = new PlannedCalls();
	noted.forEach(([key, toNumber], item) => calls.note(key, item, toNumber));
	return calls.leftOut({
		isPlaced: (item) => placed.includes(item),
		isDuplicate: (item) => duplicates.includes(item),
	});
};

it('planned calls name the first item that was noted with the same key', () => {
	const calls = new PlannedCalls();
	expect(calls.note('asha', 3, '+1')).toBeUndefined();
	expect(calls.note('ravi', 4, '+2')).toBeUndefined();
	expect(calls.note('asha', 5, '+3')).toBe(3);
	expect(calls.note('asha', 6, '+3')).toBe(3);
});

it('planned calls have room until as many are planned as the execution may place', () => {
	const calls = new PlannedCalls();
	calls.plan(0, { is: 'rings now', result: '' });
	calls.plan(1, { is: 'same key', result: '', item: 0 });
	expect(calls.hasRoom(2)).toBe(true);
	calls.plan(2, { is: 'rings later', result: '', at: '2026-05-23T09:00:00+05:30' });
	expect([calls.hasRoom(2), calls.hasRoom(3), calls.hasRoom()]).toEqual([false, true, true]);
});

it('planned calls count the people who were left out because another number had their key', () => {
	expect(
		leftOutOf(
			[
				['', '+1'],
				['', '+2'],
				['', '+3'],
				['', '+3'],
			],
			[0],
			[1, 2, 3],
		),
	).toBe(2);
});

it('planned calls count nobody who was phoned under another key, or whose key an earlier execution has used', () => {
	expect(
		leftOutOf(
			[
				['one', '+1'],
				['other', '+2'],
				['one', '+2'],
			],
			[0, 1],
			[2],
		),
	).toBe(0);
	expect(leftOutOf([['one', '+1']], [], [0])).toBe(0);
});
