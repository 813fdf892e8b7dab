import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';

import type { ListedCalls, NewCall, Twenty2 } from '../../../../nodes/Twenty2/api/client';
import type { PlacedCall } from '../../../../nodes/Twenty2/api/responses';
import {
	findLostCall,
	lookForEarlierCall,
	type CallContext,
} from '../../../../nodes/Twenty2/operations/create/findLostCall';
import { Claim, isClaimed } from '../../../../nodes/Twenty2/policy/callClaims';
import { pass, passUntilQuiet, settle, useFakeTime, watch } from '../../policy/fakeTime';
import {
	inTurn,
	listing,
	newAccess,
	newCall,
	newEntry,
	refusal,
	requestOptions,
	twenty2With,
} from './placing';

useFakeTime();

type CallsSince = NonNullable<Twenty2['callsSince']>;

/** What a look is answered: calls that began since, all that the logs tell, or nothing. */
type Look = PlacedCall[] | ListedCalls | Error;

const lookAfterLook = (looks: Look[]) =>
	inTurn<ListedCalls>(...looks.map((look) => (Array.isArray(look) ? listing(look) : look)));

const someCall = (): PlacedCall => ({ call_id: randomUUID(), status: 'ringing' });

const trouble = refusal('INTERNAL_ERROR', 500);

const context = (callsSince: CallsSince, more: Partial<CallContext> = {}): CallContext => ({
	twenty2: twenty2With({ callsSince }),
	access: newAccess(),
	requestOptions,
	canceled: new AbortController().signal,
	...more,
});

/** A create that was sent and whose answer got lost. */
function lostCreate(call: NewCall = newCall()) {
	const claim = new Claim(call.toNumber + call.assistantId);
	claim.settled();
	return { call, entry: newEntry(), sent: { sentAt: Date.now(), claim } };
}

/** Looks for a call, and tells what each look of it was asked. */
function find(
	{ call, entry, sent }: ReturnType<typeof lostCreate>,
	answers: Look[],
	{ lastRetries = 0, ...more }: Partial<CallContext> & { lastRetries?: number } = {},
) {
	const answer = lookAfterLook(answers);
	const looks: Array<{ at: number; since: number; timeoutMs: number }> = [];
	const from = performance.now();
	const finding = watch(
		findLostCall(
			call,
			entry,
			sent,
			lastRetries,
			context(async (_, since, { timeoutMs }) => {
				looks.push({ at: performance.now() - from, since, timeoutMs });
				return await answer();
			}, more),
		),
	);
	return { finding, looks, entry };
}

it('a lost call is the only one that is listed', async () => {
	const own = someCall();
	const { finding, looks, entry } = find(lostCreate(), [[own]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'placed', call: own });
	expect(looks).toHaveLength(1);
	expect(entry).toMatchObject({ attempts: 1, ambiguous: false });
});

it('a lost call is looked for 1, 3 and 7 seconds after its create was sent', async () => {
	const create = lostCreate();
	const { finding, looks } = find(create, [[]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'not listed' });
	expect(looks.map(({ at }) => at)).toEqual([1_000, 3_000, 7_000]);
	expect(new Set(looks.map(({ since }) => since))).toEqual(new Set([create.sent.sentAt]));
});

it('a lost call is found by a later look', async () => {
	const own = someCall();
	const { finding, looks, entry } = find(lostCreate(), [[], trouble, [own]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'placed', call: own });
	expect(looks).toHaveLength(3);
	expect(entry.attempts).toBe(3);
});

it.each([
	['not listed', [trouble, trouble, []]],
	['unclear', [[], [], trouble]],
])('a lost call is %s by what the last look says', async (is, answers) => {
	const { finding } = find(lostCreate(), answers);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is });
});

it('a lost call is unclear when several are listed', async () => {
	const { finding, entry } = find(lostCreate(), [[someCall(), someCall()]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'unclear' });
	expect(entry.ambiguous).toBe(true);
});

it('a lost call is unclear while one like it has not begun, and is never taken for that one', async () => {
	const waiting = randomUUID();
	const { finding, looks, entry } = find(lostCreate(), [listing([], { perhaps: [waiting] })]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'unclear' });
	expect(looks).toHaveLength(3);
	expect(entry.ambiguous).toBe(true);
	expect(isClaimed(waiting)).toBe(false);
});

it('a lost call is found once it has begun', async () => {
	const own = someCall();
	const perhaps = [own.call_id];
	const { finding, entry } = find(lostCreate(), [listing([], { perhaps }), [own]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'placed', call: own });
	expect(entry.ambiguous).toBe(false);
});

it('a lost call is the one that began, whoever else waits to begin', async () => {
	const own = someCall();
	const { finding } = find(lostCreate(), [listing([own], { perhaps: [randomUUID()] })]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'placed', call: own });
});

it('a lost call is not one that has not begun and belongs to another create', async () => {
	const perhaps = [randomUUID(), randomUUID()];
	for (const id of perhaps) new Claim('something else').take(id);
	const { finding, entry } = find(lostCreate(), [listing([], { perhaps })]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'not listed' });
	expect(entry.ambiguous).toBe(false);

	const more = find(lostCreate(), [listing([], { perhaps: [...perhaps, randomUUID()] })]);
	await passUntilQuiet();
	expect(more.finding.value).toEqual({ is: 'unclear' });
});

it('a lost call is none that belongs to another create', async () => {
	const theirs = someCall();
	new Claim('something else').take(theirs.call_id);
	const own = someCall();
	const { finding } = find(lostCreate(), [[theirs, own]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'placed', call: own });
	const second = find(lostCreate(), [[theirs, own]]);
	await passUntilQuiet();
	expect(second.finding.value).toEqual({ is: 'not listed' });
});

it('a lost call is taken by neither of two creates that may have placed it', async () => {
	const call = newCall();
	const only = someCall();
	const first = lostCreate(call);
	// The second is still on its way, and the call may be its own.
	const second = new Claim(call.toNumber + call.assistantId);
	const { finding, looks, entry } = find(first, [[only]]);
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'unclear' });
	expect(looks).toHaveLength(3);
	expect(entry.ambiguous).toBe(true);
	expect(isClaimed(only.call_id)).toBe(false);
	second.settled();
});

it('a lost call is taken once the other create is answered with another call', async () => {
	const call = newCall();
	const [own, theirs] = [someCall(), someCall()];
	const first = lostCreate(call);
	const second = new Claim(call.toNumber + call.assistantId);
	const { finding, entry } = find(first, [[own], [own, theirs]]);
	await pass(1_500);
	expect(entry.ambiguous).toBe(true);
	second.take(theirs.call_id);
	second.settled();
	await passUntilQuiet();
	expect(finding.value).toEqual({ is: 'placed', call: own });
	expect(entry.ambiguous).toBe(false);
});

it('a lost call is not found where none is listed, whoever else is on the way', async () => {
	const call = newCall();
	const first = lostCreate(call);
	const second = new Claim(call.toNumber + call.assistantId);
	const { finding, entry } = find(first, [[]]);
	await passUntilQuiet();
	second.settled();
	expect(finding.value).toEqual({ is: 'not listed' });
	expect(entry.ambiguous).toBe(false);
});

it.each([
	[30_000, 5_000],
	[2_000, 2_000],
])(
	'a create with a timeout of %i ms has its lost call looked for %i ms at most',
	async (timeoutMs, most) => {
		const { looks } = find(lostCreate(), [[]], {
			requestOptions: { ...requestOptions, timeoutMs },
		});
		await passUntilQuiet();
		expect(looks.map((look) => look.timeoutMs)).toEqual([most, most, most]);
	},
);

it('a lost call is looked for again after trouble only at last, as often as that matters', async () => {
	const own = someCall();
	const options = { lastRetries: 2, requestOptions: { ...requestOptions, maxRetries: 6 } };
	const { finding, looks } = find(lostCreate(), [...Array(4).fill(trouble), [own]], options);
	await passUntilQuiet();
	expect(looks).toHaveLength(5);
	expect(finding.value).toEqual({ is: 'placed', call: own });
});

it('a lost call is not looked for where calls cannot be listed', async () => {
	const { call, entry, sent } = lostCreate();
	const without = { ...context(inTurn(listing())), twenty2: twenty2With({}) };
	expect(await findLostCall(call, entry, sent, 0, without)).toEqual({ is: 'unclear' });
	expect(entry.attempts).toBe(0);
});

it('a lost call is unclear at once when the execution is stopped', async () => {
	const stop = new AbortController();
	const { finding, looks } = find(lostCreate(), [[]], { canceled: stop.signal });
	await pass(1_500);
	stop.abort();
	await settle();
	expect(finding.value).toEqual({ is: 'unclear' });
	expect(looks).toHaveLength(1);
	expect(vi.getTimerCount()).toBe(0);
});

it('the log names no more of a person than four digits', async () => {
	const access = newAccess();
	find(lostCreate(), [[someCall()]], { access });
	await passUntilQuiet();
	expect(access.asked).toMatchObject([{ what: 'Looking for the call to …3210' }]);
});

describe('A call that an earlier run may have placed', () => {
	const look = (answers: Look[], more: Partial<CallContext> = {}) => {
		const answer = lookAfterLook(answers);
		const since: number[] = [];
		const entry = newEntry();
		const looked = watch(
			lookForEarlierCall(
				newCall(),
				entry,
				context(async (_, from) => {
					since.push(from);
					return await answer();
				}, more),
			),
		);
		return { entry, since, looked };
	};

	it('a call of an earlier run is not placed again while one is listed of the last day', async () => {
		const now = Date.now();
		const { entry, since } = look([[someCall()]]);
		await passUntilQuiet();
		expect(entry).toMatchObject({ ambiguous: true, attempts: 1 });
		expect(since).toEqual([now - 24 * 3_600_000]);
	});

	it('a call of an earlier run may be placed again when three looks list none', async () => {
		const { entry, since } = look([[]]);
		await passUntilQuiet();
		expect(entry).toMatchObject({ ambiguous: false, attempts: 3 });
		expect(since).toHaveLength(3);
	});

	it('a call of an earlier run is not placed again when a later look lists one', async () => {
		const { entry } = look([[], [someCall()], []]);
		await passUntilQuiet();
		expect(entry).toMatchObject({ ambiguous: true, attempts: 2 });
	});

	it('a call of an earlier run is not placed again while one has not begun, however long ago it was placed', async () => {
		const { entry } = look([listing([], { perhaps: [randomUUID()] })]);
		await passUntilQuiet();
		expect(entry).toMatchObject({ ambiguous: true, attempts: 1 });
	});

	it('a call of an earlier run is none that this process has placed, begun or not', async () => {
		const own = someCall();
		const waiting = randomUUID();
		for (const id of [own.call_id, waiting]) new Claim('something else').take(id);
		const { entry } = look([listing([own], { perhaps: [waiting] })]);
		await passUntilQuiet();
		expect(entry.ambiguous).toBe(false);
	});

	it('a call of an earlier run is not placed again when no look is answered', async () => {
		const { entry } = look([trouble]);
		await passUntilQuiet();
		expect(entry).toMatchObject({ ambiguous: true, attempts: 3 });
	});

	it('a call of an earlier run may be placed again after the one look that is answered', async () => {
		const { entry } = look([trouble, [], trouble]);
		await passUntilQuiet();
		expect(entry.ambiguous).toBe(false);
	});

	it('a call of an earlier run is not looked for where calls cannot be listed', async () => {
		const entry = newEntry();
		await lookForEarlierCall(newCall(), entry, {
			...context(inTurn(listing())),
			twenty2: twenty2With({}),
		});
		expect(entry).toEqual(newEntry());
	});

	it('a call of an earlier run is not placed again when the execution is stopped meanwhile', async () => {
		const stop = new AbortController();
		const { entry, looked } = look([[]], { canceled: stop.signal });
		await pass(500);
		stop.abort(new Error('stopped'));
		await settle();
		expect(looked.reason).toEqual(new Error('stopped'));
		expect(entry.ambiguous).toBe(true);
	});
});
