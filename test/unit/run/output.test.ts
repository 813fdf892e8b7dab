import { expect, it } from 'vitest';

import { Failure, outcomeUnknown } from '../../../nodes/Twenty2/api/failure';
import { errorOf, outputs, type OutputOptions } from '../../../nodes/Twenty2/run/output';

const onError = (dials: boolean): OutputOptions => ({
	dials,
	forModel: false,
	toErrorOutput: true,
	input: [],
});

const refused = Failure.ofNode('INVALID_NUMBER', 'Not a number', { status: 422 });

it('the items are those of each item in turn, paired with it', () => {
	const results = [[{ json: { n: 0 } }, { json: { n: 1 } }], [], [{ json: { n: 2 } }]];
	expect(outputs(results, onError(true))).toEqual([
		{ json: { n: 0 }, pairedItem: { item: 0 } },
		{ json: { n: 1 }, pairedItem: { item: 0 } },
		{ json: { n: 2 }, pairedItem: { item: 2 } },
	]);
});

it('the items carry files along', () => {
	const binary = { recording: { data: '', mimeType: 'audio/wav' } };
	const [item] = outputs([[{ json: {}, binary }]], onError(false));
	expect(item?.binary).toEqual(binary);
});

// With an `error` beside `json`, n8n keeps only the message.
it('the items have a failure as the only key of their JSON, and nowhere else', () => {
	const [item] = outputs([refused], onError(true));
	expect(item).toEqual({ json: { error: errorOf(refused, true) }, pairedItem: { item: 0 } });
});

it('the items have the fields of the input item beside a failure that stays among the others', () => {
	const input = [{ json: { name: 'Asha', error: 'of the row' } }];
	const [item] = outputs([refused], { ...onError(true), toErrorOutput: false, input });
	expect(item?.json).toEqual({ name: 'Asha', error: errorOf(refused, true) });
});

it('the items begin with the same columns where a dry run shows an item that cannot be called', () => {
	const call = { to_number: '12345', to_country: null };
	const dry = Failure.ofNode('INVALID_NUMBER', 'To Number is too short (given: “…2345”)').with({
		...{ dry_run: true, call },
	});
	const [item] = outputs([dry], { ...onError(true), toErrorOutput: false, input: [] });
	expect(Object.entries(item?.json ?? {}).slice(0, 3)).toEqual([
		['result', 'INVALID_NUMBER: To Number is too short'],
		['to_number', '12345'],
		['to_country', null],
	]);
	expect(item?.json).toMatchObject({ rings_now: false, error: { code: 'INVALID_NUMBER' } });
	expect(item?.json.error).not.toHaveProperty('call');
});

it('the items that go to the error output have the call of a dry run in the error', () => {
	const call = { to_number: '12345' };
	const dry = refused.with({ dry_run: true, call });
	const [item] = outputs([dry], onError(true));
	expect(item?.json).toEqual({ error: expect.objectContaining({ dry_run: true, call }) });
});

it('the items tell a model a failure in one sentence', () => {
	const [item] = outputs([refused], { ...onError(true), forModel: true });
	expect(item?.json).toEqual({ error: 'INVALID_NUMBER: Not a number; no call was placed.' });
});

it('an item that the run did not come to has no output', () => {
	expect(outputs([undefined, refused], onError(true))).toHaveLength(1);
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
