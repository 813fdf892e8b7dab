import { expect, it } from 'vitest';

import { CallEnds } from '../../../../nodes/Twenty2/operations/create/callEnds';
import { pass, useFakeTime } from '../../policy/fakeTime';

useFakeTime();

type Fields = Record<string, unknown>;

/** Looks at a call at equal times apart, in seconds. @returns after each look, whether the call counts as over */
async function looksAt(calls: Fields[], seconds = 10, ends = new CallEnds()): Promise<boolean[]> {
	const over: boolean[] = [];
	for (const call of calls) {
		over.push(ends.isOver('call_1', { call_id: 'call_1', ...call }));
		await pass(seconds * 1_000);
	}
	return over;
}

const times = (count: number, call: Fields) => Array<Fields>(count).fill(call);

it('takes a documented end for one at the first look', async () => {
	expect(await looksAt([{ status: 'completed' }])).toEqual([true]);
	expect(await looksAt([{ status: 'voicemail', ended_at: '2026-05-22T06:30:00Z' }])).toEqual([
		true,
	]);
});

it.each([
	'voicemail',
	'call-disconnected',
	'balance-low',
	'user_hangup',
	'timeout',
	'Call Completed',
	'success',
	'answered',
	'',
])('takes the status "%s" for the end after three looks that agree', async (status) => {
	const call = { status, duration_seconds: 42, cost: '2.80 INR', ended_at: null };
	expect(await looksAt(times(3, call))).toEqual([false, false, true]);
});

it.each([
	{ duration_seconds: 42 },
	{ duration_seconds: '42' },
	{ duration_seconds: '00:00:42', cost: null },
	{ duration_seconds: 0, cost: '0.05 INR' },
	{ cost: '₹2' },
	{ cost: 2.8 },
	{ duration_seconds: 0.5 },
])('needs a duration above 0 or a cost (%j)', async (bill) => {
	expect(await looksAt(times(3, { status: 'voicemail', ...bill }))).toEqual([false, false, true]);
});

it.each([
	{},
	{ duration_seconds: 0, cost: '0.00 INR' },
	{ duration_seconds: '0', cost: '' },
	{ duration_seconds: null, cost: null },
	{ duration_seconds: '00:00:00', cost: 0 },
	{ duration_seconds: true, cost: { amount: 2 } },
])('takes no call for over that has neither (%j)', async (bill) => {
	expect(await looksAt(times(9, { status: 'voicemail', ...bill }))).not.toContain(true);
});

it('takes no call for over whose duration grows, however long it goes on', async () => {
	const growing = Array.from({ length: 100 }, (_, n) => ({
		status: 'talking',
		duration_seconds: 1 + n * 10,
	}));
	expect(await looksAt(growing)).not.toContain(true);
});

it('counts anew after each change of duration, cost or status', async () => {
	const call = { status: 'talking', duration_seconds: 42, cost: '2.80 INR' };
	for (const change of [{ duration_seconds: 43 }, { cost: '3 INR' }, { status: 'wrap-up' }]) {
		const calls = [...times(2, call), ...times(3, { ...call, ...change })];
		expect(await looksAt(calls)).toEqual([false, false, false, false, true]);
	}
});

it('counts anew when a call goes on again', async () => {
	const call = { status: 'transfer', duration_seconds: 42 };
	const calls = [call, call, { ...call, status: 'ringing' }, call, call];
	expect(await looksAt(calls)).not.toContain(true);
});

it.each(['queued', 'initiated', 'ringing', 'In Progress', 'ongoing'])(
	'takes no call for over that is "%s", whatever its bill says',
	async (status) => {
		expect(await looksAt(times(5, { status, duration_seconds: 42 }))).not.toContain(true);
	},
);

it('needs looks that are seconds apart, because a live duration may stand still for one', async () => {
	const call = { status: 'talking', duration_seconds: 42 };
	expect(await looksAt(times(5, call), 0.2)).not.toContain(true);
	expect(await looksAt(times(6, call), 1)).toEqual([false, false, false, false, false, true]);
});

it('tells one call from another, and stays with what it found', async () => {
	const ends = new CallEnds();
	const call = { status: 'voicemail', duration_seconds: 42 };
	await looksAt(times(2, call), 10, ends);
	expect(ends.isOver('call_2', call)).toBe(false);
	expect(await looksAt(times(2, call), 0, ends)).toEqual([true, true]);
});
