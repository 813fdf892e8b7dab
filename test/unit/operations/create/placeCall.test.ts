import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';

import type { ListedCalls, Twenty2 } from '../../../../nodes/Twenty2/api/client';
import { Failure, outcomeUnknown } from '../../../../nodes/Twenty2/api/failure';
import {
	alreadyPlaced,
	earlierOutcome,
	placeCall,
	type HeldBack,
	type PlaceCallOptions,
	type Placed,
} from '../../../../nodes/Twenty2/operations/create/placeCall';
import { certainlyNotPlaced, type Entry } from '../../../../nodes/Twenty2/policy/ledger';
import { failureFrom } from '../../api/failureFrom';
import {
	later,
	pass,
	passUntilQuiet,
	settle,
	useFakeTime,
	watch,
	type Watched,
} from '../../policy/fakeTime';
import {
	inTurn,
	listing,
	newAccess,
	newCall,
	newEntry,
	placeOptions,
	refusal,
	requestOptions,
	unrecorded,
} from './placing';

const answer = { call_id: 'call_1', status: 'queued' };

/** What was placed; undefined where nothing was sent. */
const placedIn = ({ value }: Watched<Placed | HeldBack>) =>
	typeof value === 'object' ? value : undefined;

const lost = outcomeUnknown('The connection ended before the answer', null);

const placed: Entry['state'] = { is: 'placed', answer, at: 1 };

useFakeTime();

/** Places a call with a Twenty2 that gives these answers to creates, one after the other. */
async function place(
	answers: Array<typeof answer | Error>,
	more: Partial<PlaceCallOptions> & Pick<Partial<Twenty2>, 'callsSince'> = {},
	entry = newEntry(),
) {
	const { callsSince, ...options } = more;
	const keys: string[] = [];
	const next = inTurn(...answers);
	const createCall: Twenty2['createCall'] = async (_, { idempotencyKey }) => {
		keys.push(idempotencyKey);
		return await next();
	};
	const twenty2: Partial<Twenty2> = callsSince ? { createCall, callsSince } : { createCall };
	const result = watch(placeCall(newCall(), entry, placeOptions(twenty2, options)));
	await passUntilQuiet();
	const fields = result.reason instanceof Failure ? result.reason.fields : undefined;
	return { answer: placedIn(result)?.answer, fields, reason: result.reason, entry, keys };
}

describe('The entry of a call', () => {
	it('the entry of a call says that it is sent before it is, and that it is placed afterwards', async () => {
		const create = later<typeof answer>();
		const entry = newEntry();
		let atSend: unknown;
		const createCall = async () => {
			atSend = structuredClone(entry);
			return await create.promise;
		};
		const result = watch(placeCall(newCall(), entry, placeOptions({ createCall })));
		await settle();
		expect(atSend).toEqual(newEntry({ attempts: 1, state: { is: 'sent' } }));
		create.resolve(answer);
		await settle();
		expect(placedIn(result)?.answer).toEqual(answer);
		expect(entry.state).toEqual({ is: 'placed', answer, at: Date.now() });
	});

	it('the entry of a call says that nobody was phoned when Twenty2 refuses', async () => {
		const { entry, fields } = await place([refusal('INVALID_NUMBER', 400)]);
		expect(entry).toMatchObject({ attempts: 1, state: { is: 'not placed' } });
		expect(fields).toMatchObject({ code: 'INVALID_NUMBER', outcome: 'not_placed', attempts: 1 });
	});

	it('the entry of a call says what is unknown when the answer gets lost', async () => {
		const { entry, fields } = await place([lost]);
		expect(entry.state).toEqual({ is: 'unknown', why: lost.fields });
		expect(fields).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown', attempts: 1 });
	});

	it('the entry of a call stays in doubt when another attempt is refused', async () => {
		const entry = newEntry({ attempts: 1, state: { is: 'unknown', why: lost.fields } });
		const { fields } = await place([refusal('INVALID_NUMBER', 400)], {}, entry);
		expect(fields).toMatchObject({ code: 'INVALID_NUMBER', outcome: 'unknown', attempts: 2 });
		expect(entry.state).toMatchObject({ is: 'unknown', why: { outcome: 'unknown' } });
	});

	it('the entry of a call stays in doubt after a fault of the node, because the request may have been sent', async () => {
		const { entry, fields } = await place([new TypeError('x is undefined')]);
		expect(fields).toMatchObject({ code: 'UNEXPECTED', outcome: 'unknown' });
		expect(entry.state).toMatchObject({ is: 'unknown' });
	});

	it('the entry of a call says "unsent" where nothing is sent', async () => {
		const checkTime = () => {
			throw Failure.ofNode('OUTSIDE_CALLING_HOURS', 'It is night', { outcome: 'not_placed' });
		};
		const { entry, fields, keys } = await place([answer], { checkTime });
		expect(keys).toEqual([]);
		expect(entry).toEqual(newEntry());
		expect(fields).toMatchObject({ code: 'OUTSIDE_CALLING_HOURS', attempts: 0 });
	});
});

describe('A create', () => {
	it('a create is recorded before it is sent, and settled before the next attempt', async () => {
		const order: string[] = [];
		const said = (name: string) => async () => {
			for (let turn = 0; turn < 10; turn++) await Promise.resolve();
			order.push(name);
			return undefined;
		};
		const record = { ...unrecorded, claim: said('record'), settle: said('settle') };
		const answers = inTurn<typeof answer>(refusal('INTERNAL_ERROR', 500), answer);
		const createCall = async () => {
			order.push('create');
			return await answers();
		};
		const options = { record, requestOptions: { ...requestOptions, maxRetries: 1 } };
		const result = watch(placeCall(newCall(), newEntry(), placeOptions({ createCall }, options)));
		await passUntilQuiet();
		expect(placedIn(result)?.answer).toEqual(answer);
		expect(order).toEqual(['record', 'create', 'settle', 'record', 'create']);
	});

	it('a create is not sent when it may not be recorded', async () => {
		const claim = async () =>
			await Promise.reject(Failure.ofNode('DUPLICATE_CALL', 'Phoned before'));
		const record = { ...unrecorded, claim };
		const { fields, keys } = await place([answer], { record });
		expect(fields).toMatchObject({ code: 'DUPLICATE_CALL', outcome: 'not_placed', attempts: 0 });
		expect(keys).toEqual([]);
	});

	it('a create that is a duplicate leaves in doubt what an earlier try left in doubt', async () => {
		const claim = async () =>
			await Promise.reject(Failure.ofNode('DUPLICATE_CALL', 'Phoned before'));
		const record = { ...unrecorded, claim };
		const entry = newEntry({ attempts: 1, state: { is: 'sent' } });
		const { fields } = await place([answer], { record }, entry);
		expect(fields).toMatchObject({ code: 'DUPLICATE_CALL', outcome: 'unknown', attempts: 1 });
	});

	it('a create is checked against the calling hours before it waits, and again before it is sent', async () => {
		const access = newAccess({ requestsPerMinute: 1, concurrentCalls: 3 });
		await place([answer], { access });
		const from = performance.now();
		const checks: number[] = [];
		const checkTime = () => {
			checks.push(performance.now() - from);
			if (checks.length > 1) throw Failure.ofNode('OUTSIDE_CALLING_HOURS', 'It is night');
		};
		const { entry, keys } = await place([answer], { access, checkTime });
		expect(keys).toEqual([]);
		expect(entry.state).toEqual({ is: 'unsent' });
		expect(checks).toEqual([0, expect.any(Number)]);
		expect(checks[1]).toBeGreaterThanOrEqual(60_000);
	});

	it('the log names no more of a person than four digits, and a create can look at other calls', async () => {
		const access = newAccess();
		const seen: string[] = [];
		const getCall = async (callId: string) => {
			seen.push(callId);
			const status = callId === 'call_over' ? 'completed' : 'ringing';
			return await Promise.resolve({ call_id: callId, status });
		};
		const entry = newEntry();
		const createCall = inTurn(answer);
		const options = placeOptions({ createCall, getCall }, { access });
		await placeCall(newCall(), entry, options);
		const [asked] = access.asked;
		expect(asked).toMatchObject({ what: 'Call to …3210' });
		const outcome = { is: 'answered' };
		expect(await asked?.look?.('call_over')).toEqual({ outcome, isOver: true });
		expect(await asked?.look?.('call_live')).toEqual({ outcome, isOver: false });
		expect(seen).toEqual(['call_over', 'call_live']);
		expect(entry.attempts).toBe(1);
	});

	it.each([
		['RATE_LIMIT_EXCEEDED', 429, 'rate limited'],
		['CALL_NOT_FOUND', 404, 'answered'],
	])('a create goes on when a look at another call fails with %s', async (code, status, is) => {
		const access = newAccess();
		const getCall = async () => await Promise.reject(refusal(code, status));
		await placeCall(
			newCall(),
			newEntry(),
			placeOptions({ createCall: inTurn(answer), getCall }, { access }),
		);
		const looked = await access.asked[0]?.look?.('call_other');
		expect(looked).toEqual({ outcome: expect.objectContaining({ is }) });
	});

	it('a create that another execution may have sent is not sent, and leaves its line to others', async () => {
		const access = newAccess({ requestsPerMinute: 60, concurrentCalls: 1 });
		const claim = async () => await Promise.resolve('in doubt' as const);
		const createCall = vi.fn(inTurn(answer));
		const options = placeOptions({ createCall }, { access, record: { ...unrecorded, claim } });
		expect(await placeCall(newCall(), newEntry(), options)).toBe('in doubt');
		expect(createCall).not.toHaveBeenCalled();
		expect((await place([answer], { access })).answer).toEqual(answer);
	});

	it('a create is known as live, so that whoever waits for its end hears of it', async () => {
		const access = newAccess();
		await place([answer], { access });
		const { signal } = new AbortController();
		const slept = watch(access.sleepUntilEnded('call_1', 60_000, signal));
		await pass(1_000);
		expect(slept.at).toBeUndefined();
		access.callEnded('call_1');
		await settle();
		expect(slept.at).toBeDefined();
	});

	it('a create holds its line until it is released', async () => {
		const access = newAccess({ requestsPerMinute: 60, concurrentCalls: 1 });
		const createCall = vi.fn(inTurn(answer));
		const options = placeOptions({ createCall }, { access });
		const first = watch(placeCall(newCall(), newEntry(), options));
		await settle();
		const second = watch(placeCall(newCall(), newEntry(), options));
		await settle();
		expect(createCall).toHaveBeenCalledTimes(1);
		placedIn(first)?.release();
		await passUntilQuiet();
		expect(placedIn(second)?.answer).toEqual(answer);
	});
});

describe('The idempotency key', () => {
	const retrying = { requestOptions: { ...requestOptions, maxRetries: 2 } };

	it('the idempotency key is the same for every attempt', async () => {
		const { keys } = await place(
			[refusal('INTERNAL_ERROR', 500), refusal('RATE_LIMIT_EXCEEDED', 429), answer],
			retrying,
		);
		expect(keys).toEqual(['entry_1', 'entry_1', 'entry_1']);
	});

	it('the idempotency key is another one after a definite refusal', async () => {
		const { entry } = await place([refusal('INVALID_NUMBER', 400)]);
		const { keys } = await place([answer], {}, entry);
		expect(keys).toEqual([entry.idempotencyKey]);
		expect(entry.idempotencyKey).toMatch(/^[\da-f-]{36}$/);
	});

	it.each([
		['a lost answer', lost],
		['a refusal that may be a proxy’s', refusal('INTERNAL_ERROR', 502, { outcome: 'unknown' })],
	])('the idempotency key stays the same after %s', async (_, failure) => {
		const { entry } = await place([failure]);
		const again = { retryUnknownOutcome: true };
		expect((await place([answer], again, entry)).keys).toEqual(['entry_1']);
	});
});

describe('A call whose answer got lost', () => {
	const retrying = { requestOptions: { ...requestOptions, maxRetries: 1 } };
	const listed = listing([{ call_id: 'call_listed', status: 'ringing' }]);
	const trouble = refusal('INTERNAL_ERROR', 500);

	it('a call whose answer got lost is placed again only where the user wants it', async () => {
		expect((await place([lost, answer], retrying)).keys).toHaveLength(1);
		const again = { ...retrying, retryUnknownOutcome: true };
		expect(await place([lost, answer], again)).toMatchObject({ answer, keys: { length: 2 } });
	});

	it('a call whose answer got lost is looked for from when it was sent, and taken as found', async () => {
		// A found call is claimed for good.
		const foundId = `call_${randomUUID()}`;
		const since: number[] = [];
		const callsSince: Twenty2['callsSince'] = async (_, from) => {
			since.push(from);
			return await Promise.resolve(listing([{ call_id: foundId, status: 'ringing' }]));
		};
		const sentAt = Date.now();
		const { entry, answer: found } = await place([lost], { callsSince });
		expect(found).toEqual({ call_id: foundId, status: 'ringing' });
		expect(entry.state).toMatchObject({ is: 'placed', answer: found });
		expect(since).toEqual([sentAt]);
	});

	it.each([
		['is in doubt while the same call is on its way a second time', {}, 'OUTCOME_UNKNOWN'],
		['is found while another person is called', { toNumber: '+919876543211' }, undefined],
		['is found while another assistant calls', { assistantId: 'asst_2' }, undefined],
		['is found while another number calls', { fromNumber: '+917971441944' }, undefined],
	])('a call whose answer got lost is not placed when %s', async (_, other, code) => {
		const call = newCall();
		const onItsWay = later<typeof answer>();
		const createCall = async () => await onItsWay.promise;
		watch(placeCall({ ...call, ...other }, newEntry(), placeOptions({ createCall })));
		await settle();
		const twenty2: Partial<Twenty2> = {
			createCall: async () => await Promise.reject(lost),
			callsSince: async () =>
				await Promise.resolve(
					listing([{ call_id: `call_of_${call.assistantId}`, status: 'ringing' }]),
				),
		};
		const found = watch(placeCall(call, newEntry(), placeOptions(twenty2)));
		await passUntilQuiet();
		const { reason } = found;
		expect(reason instanceof Failure ? reason.fields.code : reason).toBe(code);
		onItsWay.resolve(answer);
	});

	it('a call whose answer got lost is not taken to be the call that another create like it has placed', async () => {
		const others = { call_id: `call_${randomUUID()}`, status: 'ringing' };
		await place([others]);
		const { answer: found, fields } = await place([lost], {
			callsSince: inTurn(listing([others])),
		});
		expect(found).toBeUndefined();
		expect(fields).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
	});

	it('a call whose answer got lost is looked for from its last attempt on', async () => {
		const sent: number[] = [];
		const since: number[] = [];
		const answers = inTurn<typeof answer>(trouble, lost);
		const twenty2: Partial<Twenty2> = {
			createCall: async () => {
				sent.push(Date.now());
				return await answers();
			},
			callsSince: async (_, from) => {
				since.push(from);
				return await Promise.resolve(listing());
			},
		};
		watch(placeCall(newCall(), newEntry(), placeOptions(twenty2, retrying)));
		await passUntilQuiet();
		expect(sent).toHaveLength(2);
		expect([...new Set(since)]).toEqual(sent);
	});

	it('a call whose answer got lost gives back its permit before it is looked for', async () => {
		const found = { call_id: `call_${randomUUID()}` };
		const placed = watch(
			placeCall(
				newCall(),
				newEntry(),
				placeOptions(
					{ createCall: inTurn<typeof answer>(lost), callsSince: inTurn(listing([found])) },
					// The look has the permit of the create, a minute later.
					{ access: newAccess({ requestsPerMinute: 1, concurrentCalls: 3 }) },
				),
			),
		);
		await passUntilQuiet();
		expect(placed.value).toMatchObject({ answer: found });
	});

	it.each([
		['INVALID_NUMBER', 400],
		['RATE_LIMIT_EXCEEDED', 429],
		['INTERNAL_ERROR', 502],
	])(
		'a call whose answer got lost is not looked for after %s, which says what became of it',
		async (code, status) => {
			const callsSince = vi.fn(async () => await Promise.resolve(listed));
			const outcome = status === 502 ? 'unknown' : 'not_placed';
			const options = { callsSince, requestOptions: { ...requestOptions, giveUpAfterMs: 0 } };
			const { fields } = await place([refusal(code, status, { outcome })], options);
			expect(fields).toMatchObject({ code, outcome });
			expect(callsSince).not.toHaveBeenCalled();
		},
	);

	it('a call whose answer got lost is not looked for where Twenty2 was not reached', async () => {
		const callsSince = vi.fn(async () => await Promise.resolve(listed));
		const unreached = Failure.ofNode('NETWORK_ERROR', 'No such host', { outcome: 'not_placed' });
		const { fields } = await place([unreached], { callsSince });
		expect(fields).toMatchObject({ code: 'NETWORK_ERROR', outcome: 'not_placed' });
		expect(callsSince).not.toHaveBeenCalled();
	});

	it('a call is placed again after trouble when it is not listed', async () => {
		const { keys, answer: got } = await place([trouble, answer], {
			...retrying,
			callsSince: inTurn(listing()),
		});
		expect(keys).toHaveLength(2);
		expect(got).toEqual(answer);
	});

	it.each<[string, Partial<ListedCalls>]>([
		['one like it is listed that has not begun', { perhaps: ['call_unbegun'] }],
	])('a call is in doubt after trouble when %s', async (_, more) => {
		const callsSince = inTurn(listing([], more));
		const { keys, fields } = await place([trouble, answer], { ...retrying, callsSince });
		expect(keys).toHaveLength(1);
		expect(fields).toMatchObject({ code: 'OUTCOME_UNKNOWN', status: 500, outcome: 'unknown' });
	});

	it('a call is in doubt after trouble when the logs cannot be read', async () => {
		const callsSince = vi.fn(async () => await Promise.reject(refusal('FORBIDDEN', 403)));
		const { keys, fields } = await place([trouble, answer], { ...retrying, callsSince });
		expect(keys).toHaveLength(1);
		expect(fields).toMatchObject({
			code: 'OUTCOME_UNKNOWN',
			message: 'The call logs do not tell whether the call was placed. Twenty2 said: their words',
			status: 500,
			outcome: 'unknown',
		});
	});

	it('a call is looked for again after trouble where the logs have trouble too', async () => {
		const answers = inTurn<ListedCalls>(trouble, trouble, trouble, listing());
		const { keys } = await place([trouble, answer], { ...retrying, callsSince: answers });
		expect(keys).toHaveLength(2);
	});

	it('a call is looked for three times at most where the logs have trouble', async () => {
		const callsSince = vi.fn(async () => await Promise.reject(trouble));
		await place([lost], { ...retrying, callsSince });
		expect(callsSince).toHaveBeenCalledTimes(3);
	});

	it('a call whose answer got lost is not placed again as long as one is listed that may be it', async () => {
		const several = [{ call_id: 'call_several_1' }, { call_id: 'call_several_2' }];
		const again = { ...retrying, retryUnknownOutcome: true, callsSince: inTurn(listing(several)) };
		const { keys, entry } = await place([lost, answer], again);
		expect(keys).toHaveLength(1);
		expect(entry.ambiguous).toBe(true);
	});

	it.each([lost, trouble])(
		'a call whose answer got lost is not placed again as long as one is listed that has not begun (%s)',
		async (failure) => {
			const callsSince = inTurn(listing([], { perhaps: ['call_unbegun'] }));
			const again = { ...retrying, retryUnknownOutcome: true, callsSince };
			const { keys, entry } = await place([failure, answer], again);
			expect(keys).toHaveLength(1);
			expect(entry.ambiguous).toBe(true);
		},
	);
});

describe('alreadyPlaced', () => {
	const again = { retryUnknownOutcome: true };
	const notAgain = { retryUnknownOutcome: false };

	it('alreadyPlaced gives the answer of the call that an earlier try has placed', () => {
		expect(alreadyPlaced(newEntry({ state: placed }), notAgain)).toEqual(answer);
	});

	it.each<Entry['state']>([{ is: 'unsent' }, { is: 'not placed' }])(
		'alreadyPlaced leaves a call to be placed that is %j',
		(state) => {
			expect(alreadyPlaced(newEntry({ state }), notAgain)).toBeUndefined();
		},
	);

	it.each<[Entry['state'], string]>([
		[{ is: 'sent' }, 'This run was stopped before Twenty2 answered'],
		[{ is: 'unknown', why: lost.fields }, lost.message],
	])('alreadyPlaced repeats what is unknown of a call that is %j', (state, message) => {
		const entry = newEntry({ attempts: 3, state });
		expect(failureFrom(() => alreadyPlaced(entry, notAgain)).fields).toMatchObject({
			code: 'OUTCOME_UNKNOWN',
			message,
			outcome: 'unknown',
			status: null,
			attempts: 3,
		});
		expect(alreadyPlaced(entry, again)).toBeUndefined();
	});

	it('alreadyPlaced never has a call placed again while one is listed that may be it', () => {
		const entry = newEntry({ state: { is: 'sent' }, ambiguous: true });
		expect(failureFrom(() => alreadyPlaced(entry, again)).fields.outcome).toBe('unknown');
	});
});

describe('What earlier tries mean for the failure of an item', () => {
	const states = (...given: Array<Entry['state']>) =>
		earlierOutcome(given.map((state) => newEntry({ state })));
	const doubtful: Entry['state'] = { is: 'unknown', why: lost.fields };

	it('an earlier try that placed the call makes the outcome "placed"', () => {
		expect(states({ is: 'unsent' }, doubtful, placed)).toEqual({
			outcome: 'placed',
			call_id: 'call_1',
		});
		expect(states({ is: 'placed', answer: {} })).toEqual({ outcome: 'placed' });
	});

	it.each<Entry['state']>([doubtful, { is: 'sent' }])(
		'an earlier try that may have placed the call makes the outcome "unknown": %j',
		(state) => {
			expect(states({ is: 'not placed' }, state)).toEqual({ outcome: 'unknown' });
		},
	);

	it('an earlier try that phoned nobody changes nothing', () => {
		expect(states({ is: 'unsent' }, { is: 'not placed' })).toEqual({});
		expect(states()).toEqual({});
	});
});

it.each<[Entry['state'], boolean]>([
	[{ is: 'unsent' }, true],
	[{ is: 'not placed' }, true],
	[{ is: 'sent' }, false],
	[{ is: 'unknown', why: {} }, false],
	[placed, false],
])('whether certainly nobody was phoned for an entry that is %j: %s', (state, certain) => {
	expect(certainlyNotPlaced(newEntry({ state }))).toBe(certain);
});
