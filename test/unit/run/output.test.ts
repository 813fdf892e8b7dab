import { expect, it } from 'vitest';

import { Failure, outcomeUnknown } from '../../../nodes/Twenty2/api/failure';
import { errorOf, outputs } from '../../../nodes/Twenty2/run/output';

const refused = Failure.ofNode('INVALID_NUMBER', 'Not a number', { status: 422 });

it('the items are those of each item in turn, paired with it', () => {
	const results = [[{ json: { n: 0 } }, { json: { n: 1 } }], [], [{ json: { n: 2 } }]];
	expect(outputs(results, { dials: true, forModel: false })).toEqual([
		{ json: { n: 0 }, pairedItem: { item: 0 } },
		{ json: { n: 1 }, pairedItem: { item: 0 } },
		{ json: { n: 2 }, pairedItem: { item: 2 } },
	]);
});

it('the items carry files along', () => {
	const binary = { recording: { data: '', mimeType: 'audio/wav' } };
	const [item] = outputs([[{ json: {}, binary }]], { dials: false, forModel: false });
	expect(item?.binary).toEqual(binary);
});

// With an `error` beside `json`, n8n keeps only the message.
it('the items have a failure as the only key of their JSON, and nowhere else', () => {
	const [item] = outputs([refused], { dials: true, forModel: false });
	expect(item).toEqual({ json: { error: errorOf(refused, true) }, pairedItem: { item: 0 } });
});

it('the items tell a model a failure in one sentence', () => {
	const [item] = outputs([refused], { dials: true, forModel: true });
	expect(item?.json).toEqual({ error: 'INVALID_NUMBER: Not a number; no call was placed.' });
});

it('an item that the run did not come to has no output', () => {
	expect(outputs([undefined, refused], { dials: true, forModel: false })).toHaveLength(1);
});

it('a failed item says whether a phone rang, only where the operation makes phones ring', () => {
	expect(errorOf(refused, true)).toMatchObject({ outcome: 'not_placed' });
	expect(errorOf(refused, false)).not.toHaveProperty('outcome');
	expect(errorOf(outcomeUnknown('No answer', null), true)).toMatchObject({ outcome: 'unknown' });
});

it('a failed item has a status of null where no answer came, and no field without a value', () => {
	const error = errorOf(Failure.ofNode('TIMEOUT', 'No answer').with({ call_id: undefined }), true);
	expect(error).toMatchObject({ code: 'TIMEOUT', status: null });
	expect(error).not.toHaveProperty('call_id');
});
