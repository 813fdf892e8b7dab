import { expect, it } from 'vitest';

import { apiKey } from '../../../../nodes/Twenty2/api/apiKey';
import {
	chosenOutput,
	outputChoice,
	simplified,
} from '../../../../nodes/Twenty2/operations/fields/output';
import { speakingNothing } from '../../api/speaking';
import { readerOf } from './reader';

const twenty2 = apiKey.speak(speakingNothing);

const body = {
	success: true,
	call: { status: 'completed', call_id: 'call_1', direction: 'outbound', more: 1 },
};

const outputOf = (fields: Record<string, unknown>) => chosenOutput(readerOf(fields), twenty2)(body);

it('the output is the simplified one under the public names', () => {
	expect(Object.entries(outputOf({ output: 'simplified' }))).toEqual([
		['call_id', 'call_1'],
		['status', 'completed'],
	]);
});

it('the output is Twenty2’s body itself where that is wanted', () => {
	expect(outputOf({ output: 'raw' })).toBe(body);
});

it('the output has the fields that were chosen, in their own order, as far as Twenty2 sent them', () => {
	const outputFields = ['direction', 'cost', 'status'];
	expect(Object.entries(outputOf({ output: 'selected', outputFields }))).toEqual([
		['status', 'completed'],
		['direction', 'outbound'],
	]);
});

it.each([[[]], [['more']], ['call_id'], [null]])(
	'the output has some field, so %j is refused',
	(outputFields) => {
		expect(() => outputOf({ output: 'selected', outputFields })).toThrow(
			'Output Fields must name at least one field of a call, e.g. call_id',
		);
		expect(outputOf({ output: 'raw', outputFields })).toBe(body);
	},
);

it('the output is one of three, and anything else is refused', () => {
	expect(() => outputOf({ output: 'all' })).toThrow('Output must be simplified, raw or selected');
});

it('the output offers every field by a name, and asks for fields only where they are to be chosen', () => {
	const [output, outputFields] = outputChoice({ operation: ['getCall'] });
	expect(output?.displayOptions?.show).toEqual({ operation: ['getCall'] });
	expect(outputFields?.displayOptions?.show).toEqual({
		operation: ['getCall'],
		output: ['selected'],
	});
	const offered = (outputFields?.options ?? []).map((option) =>
		'value' in option ? option.value : undefined,
	);
	expect(offered).toHaveLength(14);
	for (const name of offered) {
		expect(() => outputOf({ output: 'selected', outputFields: [name] })).not.toThrow();
	}
	expect(outputOf({ output: 'selected', outputFields: outputFields?.default })).toEqual(
		simplified(body.call),
	);
});
