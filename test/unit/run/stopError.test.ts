import type { INode } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
import type { FailedItems } from '../../../nodes/Twenty2/run/items';
import { canceledError, stoppedError } from '../../../nodes/Twenty2/run/stopError';

const node: INode = {
	id: '1',
	name: 'Twenty2',
	type: 'n8n-nodes-twenty2.twenty2',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const refused = new Failure({
	code: 'INVALID_NUMBER',
	message: 'to_number is invalid.',
	description: 'Check the number',
	status: 422,
	source: 'twenty2',
	attempts: 1,
});

it('the error of a failed run has the code for an Error Trigger, and all that the item would carry', () => {
	const error = stoppedError(node, [{ failure: refused, item: 2 }], 3, {
		placed: 1,
		doubtful: 0,
	});
	expect(error).toMatchObject({ code: 'INVALID_NUMBER', httpCode: '422' });
	expect(error.context.data).toMatchObject({ error: { outcome: 'not_placed', attempts: 1 } });
});

it.each([
	[{ placed: 0, doubtful: 0 }, 'No call was placed.'],
	[{ placed: 1, doubtful: 0 }, '1 call was already placed.'],
	[{ placed: 2, doubtful: 1 }, '2 calls were already placed, 1 call may have been placed.'],
	[{ placed: 0, doubtful: 2 }, '2 calls may have been placed.'],
])('the error of a failed run says what became of the calls: %j', (tally, said) => {
	const { message, description } = stoppedError(node, [{ failure: refused, item: 2 }], 3, tally);
	expect(message).toBe(`Twenty2: to_number is invalid [item 2]. ${said}`);
	const hasPhoned = tally.placed + tally.doubtful > 0;
	expect(description).toBe(
		hasPhoned
			? 'Check the number. To place only the missing calls, open Executions and retry this one. Executing the workflow again is a new execution, which phones everybody again.'
			: 'Check the number.',
	);
});

it('the error of a failed run names no item where there is one only, and no calls where none are made', () => {
	const { message } = stoppedError(node, [{ failure: refused, item: 0 }], 1);
	expect(message).toBe('Twenty2: to_number is invalid.');
});

it('the error of a failed run leaves words of its own as they are', () => {
	const failure = Failure.ofNode('NETWORK_ERROR', 'Twenty2 was not reached');
	expect(stoppedError(node, [{ failure, item: 0 }], 1)).toMatchObject({
		message: 'Twenty2 was not reached.',
		httpCode: null,
	});
});

const number = (value: string, description: string) =>
	Failure.ofInput(
		'INVALID_NUMBER',
		`To Number is wrong: see there (given: “${value}”)`,
		description,
	);
const failed: FailedItems = [
	{ failure: number('1', 'Look'), item: 0 },
	{ failure: number('2', 'Set it'), item: 3 },
	{ failure: number('3', 'Set it'), item: 4 },
];

it('the error of several failed items counts them, and says of each its value and what to do, first what helps most of them', () => {
	const error = stoppedError(node, failed, 6, { placed: 0, doubtful: 0 });
	expect(error.message).toBe(
		'3 of 6 numbers cannot be called, and no call was placed. Look at [item 0] first.',
	);
	expect(error.description).toBe(
		'Set it: [item 3] To Number is wrong (given: “2”), [item 4] To Number is wrong (given: “3”). Look: [item 0] To Number is wrong (given: “1”). To call the others anyway, set On Error in the settings of the node to Continue.',
	);
	expect(error).toMatchObject({ code: 'INVALID_NUMBER', context: { itemIndex: 0 } });
});

it('the error of several failed items names each, also where the same is wrong with them', () => {
	const empty = Failure.ofInput('INVALID_NUMBER', 'To Number is empty', 'Fill it in');
	const rows: FailedItems = [
		{ failure: empty, item: 1 },
		{ failure: empty, item: 3 },
	];
	const error = stoppedError(node, rows, 6, { placed: 0, doubtful: 0 });
	expect(error.message).toMatch(/^2 of 6 numbers cannot be called/);
	expect(error.description).toMatch(
		/^Fill it in: \[item 1\] To Number is empty, \[item 3\] To Number/,
	);
});

it('the error of several failed items says how many calls an earlier try has placed', () => {
	const { message } = stoppedError(node, failed, 6, { placed: 2, doubtful: 0 });
	expect(message).toBe(
		'3 of 6 numbers cannot be called. 2 calls were already placed. Look at [item 0] first.',
	);
});

it('the error of several failed items calls them items where it is not their number, and where nobody is called', () => {
	const mixed: FailedItems = [
		...failed,
		{ failure: Failure.ofInput('INVALID_INPUT', 'No', 'Do'), item: 5 },
	];
	expect(stoppedError(node, mixed, 6, { placed: 0, doubtful: 0 }).message).toMatch(/^4 of 6 items/);
	expect(stoppedError(node, mixed, 6).message).toBe(
		'4 of 6 items cannot be looked up. Look at [item 0] first.',
	);
});

it('the error of several failed items names ten and counts the others', () => {
	const wrong = (item: number) => ({ failure: number(String(item), 'Set it'), item });
	const others = Array.from({ length: 12 }, (_, item) => wrong(item + 1));
	const { description } = stoppedError(node, [wrong(0), ...others], 13, { placed: 0, doubtful: 0 });
	expect(description).toContain('[item 9]');
	expect(description).toMatch(/ and 3 more\.$/);
});

// n8n tells such an execution from a failed one by this word.
it('the error of a stopped run says "canceled", and where to find the calls that go on', () => {
	const error = canceledError(node, { placed: 2, doubtful: 0 });
	expect(error.message).toBe(
		'The execution was canceled. 2 calls were already placed. Stopping does not hang up: the calls go on. Find them in Twenty2, or with Get Many Calls if you have a workspace.',
	);
	expect(error.description).toBe(
		'A retry under Executions phones nobody who may have been phoned. Executing the workflow again is a new execution, which phones everybody again.',
	);
});

it('the error of a stopped run is short where nobody was phoned, and where no calls are made', () => {
	expect(canceledError(node, { placed: 0, doubtful: 0 }).message).toBe(
		'The execution was canceled. No call was placed.',
	);
	expect(canceledError(node).message).toBe('The execution was canceled.');
});
