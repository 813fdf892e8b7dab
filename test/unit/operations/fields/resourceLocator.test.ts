import { expect, it } from 'vitest';

import {
	byId,
	byNumber,
	located,
	locator,
} from '../../../../nodes/Twenty2/operations/fields/resourceLocator';
import { text } from '../../../../nodes/Twenty2/operations/fields/schemas';
import { parsed } from '../parsed';

it.each([
	['asst_1'],
	[' asst_1 '],
	[{ mode: 'id', value: 'asst_1' }],
	[{ mode: 'number', value: 'asst_1' }],
	[{ __rl: true, mode: 'list', value: 'asst_1', cachedResultName: 'asst_1 (2 calls)' }],
])('a resource locator holds the same in the shape of %j', (given) => {
	expect(parsed(located(text), given)).toEqual({ value: 'asst_1' });
});

it.each([
	[{ mode: 'id', value: '' }, 'is empty'],
	[{ mode: 'id' }, 'is empty'],
	[{ value: 'asst_1' }, 'must be text'],
	[null, 'is empty'],
])('a resource locator holds nothing in the shape of %j', (given, why) => {
	expect(parsed(located(text), given)).toEqual({ why });
});

it('a resource locator is typed in at first, and has a list that its method fills', () => {
	const field = locator({
		displayName: 'Assistant ID',
		name: 'assistantId',
		search: 'searchAssistants',
		what: 'an assistant',
		typed: byId,
		placeholder: 'e.g. asst_1',
		description: 'The assistant',
	});
	expect(field).toMatchObject({
		displayName: 'Assistant ID',
		name: 'assistantId',
		description: 'The assistant',
		type: 'resourceLocator',
		required: true,
		default: { mode: 'id', value: '' },
		modes: [
			{
				name: 'list',
				type: 'list',
				placeholder: 'Select an assistant...',
				typeOptions: { searchListMethod: 'searchAssistants' },
			},
			{ name: 'id', displayName: 'By ID', type: 'string', placeholder: 'e.g. asst_1' },
		],
	});
});

it('a resource locator for numbers has a mode of a name for which n8n shows no words of its own', () => {
	expect(byNumber.displayName).toBe('By Number');
	expect(['id', 'url', 'list']).not.toContain(byNumber.name);
});
