import { describe, expect, it } from 'vitest';

import { apiKey } from '../../../nodes/Twenty2/api/apiKey';
import { workspace } from '../../../nodes/Twenty2/api/workspace';
import { call, created, sending, speaking } from './speaking';

describe.each([
	['apiKey', apiKey],
	['workspace', workspace],
])('%s', (_, generation) => {
	it('each generation names all the fields that a create has already', async () => {
		const { sent, twenty2 } = speaking(generation, created);
		await twenty2.createCall({ ...call, additionalFields: {} }, sending);
		expect(twenty2.bodyFields.toSorted()).toEqual(Object.keys(sent[0]?.body ?? {}).toSorted());
	});
});
