import type { INode } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
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
	const error = stoppedError(node, { failure: refused, item: 2 }, 3, { placed: 1, doubtful: 0 });
	expect(error).toMatchObject({ code: 'INVALID_NUMBER', httpCode: '422' });
	expect(error.context.data).toMatchObject({ error: { outcome: 'not_placed', attempts: 1 } });
});

it.each([
	[{ placed: 0, doubtful: 0 }, 'No call was placed.'],
	[{ placed: 1, doubtful: 0 }, '1 call was already placed.'],
	[{ placed: 2, doubtful: 1 }, '2 calls were already placed, 1 call may have been placed.'],
	[{ placed: 0, doubtful: 2 }, '2 calls may have been placed.'],
])('the error of a failed run says what became of the calls: %j', (tally, said) => {
	const { message, description } = stoppedError(node, { failure: refused, item: 2 }, 3, tally);
	expect(message).toBe(`Twenty2: to_number is invalid [item 2]. ${said}`);
	const hasPhoned = tally.placed + tally.doubtful > 0;
	expect(description).toBe(
		hasPhoned
			? 'Check the number. To place only the missing calls, open Executions and retry this one. Executing the workflow again is a new execution, which phones everybody again.'
			: 'Check the number.',
	);
});

it('the error of a failed run names no item where there is one only, and no calls where none are made', () => {
	const { message } = stoppedError(node, { failure: refused, item: 0 }, 1);
	expect(message).toBe('Twenty2: to_number is invalid.');
});

it('the error of a failed run leaves words of its own as they are', () => {
	const failure = Failure.ofNode('NETWORK_ERROR', 'Twenty2 was not reached');
	expect(stoppedError(node, { failure, item: 0 }, 1)).toMatchObject({
		message: 'Twenty2 was not reached.',
		httpCode: null,
	});
});

// n8n tells such an execution from a failed one by this word.
it('the error of a stopped run says "canceled", and which calls go on', () => {
	const error = canceledError(node, ['call_1', 'call_2'], { placed: 2, doubtful: 0 });
	expect(error.message).toBe(
		'The execution was canceled. 2 calls were already placed. Stopping does not hang up: call_1, call_2.',
	);
	expect(error.description).toBe(
		'A retry under Executions phones nobody who may have been phoned. Executing the workflow again is a new execution, which phones everybody again.',
	);
});

it('the error of a stopped run names 20 calls and counts the others', () => {
	const ids = Array.from({ length: 22 }, (_, n) => `call_${n}`);
	const { message } = canceledError(node, ids, { placed: 22, doubtful: 0 });
	expect(message).toContain('call_19 and 2 more');
	expect(message).not.toContain('call_20');
});

it('the error of a stopped run is short where no calls are made', () => {
	expect(canceledError(node, []).message).toBe('The execution was canceled.');
});
