import { expect, it } from 'vitest';

import { distinctIn } from '../../../../nodes/Twenty2/operations/fields/listSearch';

const call = (assistant_id: unknown, started_at?: string, direction = 'outbound') => ({
	call_id: 'call_1',
	direction,
	assistant_id,
	started_at,
});

it('the list of assistants has each once, the one of the newest call first, with how often and when last', () => {
	const calls = [
		call('asst_old', '2026-05-20T10:00:00Z'),
		call('asst_new', '2026-05-21T07:18:39.684Z'),
		call('asst_old', '2026-05-21T04:00:00+05:30'),
		call('asst_once', '2026-05-19T10:00:00Z'),
	];
	expect(distinctIn(calls, 'assistant_id', 'Asia/Kolkata')).toEqual([
		{ name: 'asst_new (1 call, last on 21 May 2026, 12:48)', value: 'asst_new' },
		{ name: 'asst_old (2 calls, last on 21 May 2026, 04:00)', value: 'asst_old' },
		{ name: 'asst_once (1 call, last on 19 May 2026, 15:30)', value: 'asst_once' },
	]);
});

it('the list of assistants has at the end, in the order of Twenty2, what started at an unknown time', () => {
	const calls = [
		call('asst_b'),
		call('asst_a', 'yesterday'),
		call('asst_c', '2026-05-21T07:18:39Z'),
	];
	expect(distinctIn(calls, 'assistant_id', 'UTC')).toEqual([
		{ name: 'asst_c (1 call, last on 21 May 2026, 07:18)', value: 'asst_c' },
		{ name: 'asst_b (1 call)', value: 'asst_b' },
		{ name: 'asst_a (1 call)', value: 'asst_a' },
	]);
});

it('the list of assistants leaves out what is no ID, and calls that came in', () => {
	const calls = [call(''), call(null), call(7), call('asst_a', undefined, 'inbound')];
	expect(distinctIn(calls, 'assistant_id', 'UTC')).toEqual([]);
});

it('the list of assistants shows times in UTC where n8n has a timezone that does not exist', () => {
	const [item] = distinctIn([call('asst_a', '2026-05-21T07:18:39Z')], 'assistant_id', 'Mars/Base');
	expect(item?.name).toBe('asst_a (1 call, last on 21 May 2026, 07:18)');
});
