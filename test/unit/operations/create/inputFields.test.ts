import { expect, it } from 'vitest';

import { besideInput } from '../../../../nodes/Twenty2/operations/create/inputFields';

it('The fields of a call come first and win over those of the input item', () => {
	const binary = { recording: { data: '', mimeType: 'audio/wav' } };
	const call = { json: { call_id: 'call_1', status: 'queued' }, binary };
	const shown = besideInput(call, { status: 'new', name: 'Asha' });
	expect(shown).toEqual({ json: { call_id: 'call_1', status: 'queued', name: 'Asha' }, binary });
	expect(Object.keys(shown.json)).toEqual(['call_id', 'status', 'name']);
});
