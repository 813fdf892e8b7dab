import type { INodeParameters } from 'n8n-workflow';
import { describe, expect, it, vi } from 'vitest';

import { adviceFor, Failure } from '../../../../nodes/Twenty2/api/failure';
import { CallEnds } from '../../../../nodes/Twenty2/operations/create/callEnds';
import {
	knownEnd,
	nightHint,
	pollingOf,
	waitForEnd,
	type WaitForEndOptions,
} from '../../../../nodes/Twenty2/operations/create/waitForEnd';
import { ringsAt } from '../../../../nodes/Twenty2/operations/create/ringingTime';
import type { JsonObject } from '../../../../nodes/Twenty2/json';
import { Twenty2 } from '../../../../nodes/Twenty2/Twenty2.node';
import type { Entry } from '../../../../nodes/Twenty2/policy/ledger';
import { pass, passUntilQuiet, settle, useFakeTime, watch } from '../../policy/fakeTime';
import { evaluated } from '../../evaluated';
import { readerOf } from '../fields/reader';
import { inTurn, newAccess, newEntry, refusal, requestOptions, twenty2With } from './placing';

useFakeTime();

const live = { call_id: 'call_1', status: 'ringing' };
const ended = { call_id: 'call_1', status: 'completed', recording_url: 'https://r' };
const trouble = refusal('INTERNAL_ERROR', 503, { outcome: undefined });

const placed = (more: object = {}): Entry =>
	newEntry({ attempts: 1, state: { is: 'placed', answer: { call_id: 'call_1' }, at: 1, ...more } });

/** Waits for a call, and tells when it was looked at. */
function wait(
	answers: Array<JsonObject | Error>,
	more: Partial<WaitForEndOptions> = {},
	entry = placed(),
) {
	const answer = inTurn<JsonObject>(...answers);
	const from = performance.now();
	const looks: number[] = [];
	const getCall = async () => {
		looks.push(performance.now() - from);
		return await answer();
	};
	const result = watch(
		waitForEnd('call_1', entry, {
			twenty2: twenty2With({ getCall }),
			access: newAccess(),
			polling: { maxWaitMs: 60_000, intervalMs: 10_000 },
			requestOptions,
			ends: new CallEnds(),
			signal: new AbortController().signal,
			resumed: false,
			refresh: false,
			...more,
		}),
	);
	const fields = () => (result.reason instanceof Failure ? result.reason.fields : undefined);
	return { result, looks, entry, fields };
}

it('the wait for the end of a call looks at intervals, and gives what the last look found', async () => {
	const { result, looks, entry } = wait([live, live, ended]);
	await passUntilQuiet();
	expect(result.value).toEqual(ended);
	expect(looks).toEqual([10_000, 20_000, 30_000]);
	expect(entry).toMatchObject({ attempts: 4, state: { is: 'placed', ended } });
});

it('the wait for the end of a call looks at once when it is resumed, and at intervals afterwards', async () => {
	const { looks } = wait([live, ended], { resumed: true });
	await settle();
	expect(looks).toEqual([0]);
	await passUntilQuiet();
	expect(looks).toEqual([0, 10_000]);
});

it('the wait for the end of a call needs no look at a call that is known to have ended', async () => {
	const { result, looks } = wait([live], { resumed: true }, placed({ ended }));
	await settle();
	expect(result.value).toEqual(ended);
	expect(looks).toEqual([]);
});

it('the wait for the end of a call looks at an ended call for its files, because the links that are known expire', async () => {
	const fresh = { ...ended, recording_url: 'https://fresh' };
	const { result, entry } = wait([fresh], { resumed: true, refresh: true }, placed({ ended }));
	await settle();
	expect(result.value).toEqual(fresh);
	expect(entry.state).toMatchObject({ ended: fresh });
});

it('the wait for the end of a call takes a status that nobody documents for the end after three looks that agree', async () => {
	const talking = (duration_seconds: number) => ({
		...live,
		status: 'talking',
		duration_seconds,
	});
	const over = { ...live, status: 'voicemail', duration_seconds: 42 };
	const { result, looks, entry } = wait([talking(9), talking(19), over, trouble, over]);
	await passUntilQuiet();
	expect(result.value).toEqual(over);
	expect(looks).toHaveLength(6);
	expect(entry.state).toMatchObject({ ended: over });
});

it('the wait for the end of a call looks once more at a call that the looks of another create found over', async () => {
	const over = { ...live, status: 'voicemail', duration_seconds: 42 };
	const ends = new CallEnds();
	const access = newAccess();
	access.holdLine('call_1');
	const { looks, result } = wait([over], { ends, access });
	for (const ms of [2_000, 6_000]) {
		await pass(ms);
		ends.isOver('call_1', over);
	}
	access.callEnded('call_1');
	await settle();
	expect(looks).toEqual([8_000]);
	expect(result.value).toEqual(over);
});

it('the wait for the end of a call lets the key know of the end, before anything else', async () => {
	const access = newAccess();
	const callEnded = vi.spyOn(access, 'callEnded');
	const { result } = wait([live, ended], { access });
	await pass(10_000);
	expect(callEnded).not.toHaveBeenCalled();
	await passUntilQuiet();
	expect(result.value).toEqual(ended);
	expect(callEnded.mock.calls).toEqual([['call_1']]);
});

it('the wait for the end of a call outlasts looks that fail, at growing intervals, as if they had not been', async () => {
	vi.spyOn(Math, 'random').mockReturnValue(0.5);
	const { result, looks } = wait([trouble, trouble, trouble, live, trouble, ended], {
		polling: { maxWaitMs: 600_000, intervalMs: 1_000 },
		requestOptions: { ...requestOptions, maxRetries: 6 },
	});
	await passUntilQuiet();
	expect(result.value).toEqual(ended);
	const pauses = looks.map((at, n) => at - (looks[n - 1] ?? 0));
	expect(pauses).toEqual([1_000, 1_500, 3_000, 6_000, 1_000, 1_500]);
	vi.restoreAllMocks();
});

it.each([
	[1_000, 30_000],
	[300_000, 300_000],
])(
	'the wait for the end of a call that looks every %i ms pauses %i ms at most after many failures',
	async (intervalMs, most) => {
		const { looks } = wait([...Array<Failure>(12).fill(trouble), ended], {
			polling: { maxWaitMs: 24 * 3_600_000, intervalMs },
		});
		await passUntilQuiet();
		const pauses = looks.map((at, n) => at - (looks[n - 1] ?? 0));
		expect(Math.max(...pauses)).toBe(most);
	},
);

it('repeats a look that was refused for "too many requests" as soon as the key may send', async () => {
	vi.spyOn(Math, 'random').mockReturnValue(0);
	const { fields } = refusal('RATE_LIMIT_EXCEEDED', 429, { outcome: undefined });
	const { result, looks } = wait([new Failure(fields, 5_000), ended]);
	await passUntilQuiet();
	expect(result.value).toEqual(ended);
	expect(looks).toEqual([10_000, 15_000]);
	vi.restoreAllMocks();
});

it.each([
	['UNAUTHORIZED', 401],
	['FORBIDDEN', 403],
])(
	'the wait for the end of a call ends where the key may not read calls (%s)',
	async (code, status) => {
		const { fields, looks } = wait([refusal(code, status, { outcome: undefined })]);
		await passUntilQuiet();
		expect(looks).toEqual([10_000]);
		expect(fields()).toMatchObject({
			code,
			status,
			outcome: 'placed',
			call_id: 'call_1',
			attempts: 2,
			description: expect.stringContaining('Look it up later with Get Call'),
		});
	},
);

it('the wait for the end of a call ends when its time is up, after one last look', async () => {
	const { fields, looks, entry } = wait([live], {
		polling: { maxWaitMs: 90_000, intervalMs: 40_000 },
	});
	await passUntilQuiet();
	expect(looks).toEqual([40_000, 80_000, 90_000]);
	expect(fields()).toMatchObject({
		code: 'WAIT_TIMEOUT',
		message: 'The call did not end within 1.5 minutes',
		outcome: 'placed',
		call_id: 'call_1',
		attempts: 4,
		status: null,
		source: 'n8n',
	});
	expect(entry.state).not.toHaveProperty('ended');
});

it('the wait for the end of a call looks once where no time is given', async () => {
	const { fields, looks } = wait([live], { polling: { maxWaitMs: 0, intervalMs: 10_000 } });
	await passUntilQuiet();
	expect(looks).toEqual([0]);
	expect(fields()?.message).toBe('The call did not end within 0 minutes');
});

it('the wait for the end of a call finds an end by its last look', async () => {
	const { result } = wait([live, ended], { polling: { maxWaitMs: 15_000, intervalMs: 10_000 } });
	await passUntilQuiet();
	expect(result.value).toEqual(ended);
});

it('the wait for the end of a call says of a time that is up what the last look ran into', async () => {
	const polling = { maxWaitMs: 60_000, intervalMs: 10_000 };
	const { fields } = wait([live, trouble], { polling });
	await passUntilQuiet();
	expect(fields()?.message).toBe(
		'The call did not end within 1 minute, as far as is known. The last look at it: their words',
	);
	const known = wait([trouble, live], { polling });
	await passUntilQuiet();
	expect(known.fields()?.message).toBe('The call did not end within 1 minute');
});

it('the wait for the end of a call does not outlast its time by a look that is not answered, except for two seconds', async () => {
	const getCall = async () => await new Promise<never>(() => undefined);
	const { fields, result } = wait([live], {
		twenty2: twenty2With({ getCall }),
		polling: { maxWaitMs: 15_000, intervalMs: 10_000 },
	});
	await pass(14_999);
	expect(result.at).toBeUndefined();
	await pass(1);
	expect(fields()).toMatchObject({ code: 'WAIT_TIMEOUT', outcome: 'placed' });

	const late = wait([live], {
		twenty2: twenty2With({ getCall }),
		polling: { maxWaitMs: 10_000, intervalMs: 10_000 },
	});
	await pass(11_999);
	expect(late.result.at).toBeUndefined();
	await pass(1);
	expect(late.fields()?.code).toBe('WAIT_TIMEOUT');
});

it('the wait for the end of a call ends at once when it is stopped, and leaves no timer behind', async () => {
	const stop = new AbortController();
	const { result, looks } = wait([live], { signal: stop.signal });
	await pass(5_000);
	const reason = new Error('stopped');
	stop.abort(reason);
	await settle();
	expect(result.reason).toBe(reason);
	expect(looks).toEqual([]);
	expect(vi.getTimerCount()).toBe(0);
});

it('the wait for the end of a call ends at once when it is stopped during a look', async () => {
	const stop = new AbortController();
	const getCall = async () => {
		stop.abort(new Error('stopped'));
		return await Promise.reject(trouble);
	};
	const options = { twenty2: twenty2With({ getCall }), resumed: true, signal: stop.signal };
	const { result } = wait([live], options);
	await settle();
	expect(result.reason).toEqual(new Error('stopped'));
	expect(vi.getTimerCount()).toBe(0);
});

/** A look has taken the only request of a minute, so the next one waits. */
const queued = (more: Partial<WaitForEndOptions> = {}) => {
	const access = newAccess({ requestsPerMinute: 1, concurrentCalls: 1 });
	const polling = { maxWaitMs: 15_000, intervalMs: 10_000 };
	return wait([live], { access, polling, resumed: true, ...more });
};

it('the wait for the end of a call ends at once when it is stopped while a look waits for its turn', async () => {
	const stop = new AbortController();
	const { result, looks } = queued({ signal: stop.signal });
	await pass(12_000);
	stop.abort(new Error('stopped'));
	await settle();
	expect(result.reason).toEqual(new Error('stopped'));
	expect(looks).toEqual([0]);
	expect(vi.getTimerCount()).toBe(0);
});

it('the wait for the end of a call ends in time while a look waits for its turn, which is then not sent', async () => {
	const { fields, looks } = queued();
	await pass(15_000);
	expect(fields()).toMatchObject({ code: 'WAIT_TIMEOUT' });
	await passUntilQuiet();
	expect(looks).toEqual([0]);
});

it('the wait for the end of a call says what the last of several looks ran into, also where another one hangs', async () => {
	const troubles = ['first', 'second', 'third'].map((message) =>
		refusal('INTERNAL_ERROR', 503, { message, outcome: undefined }),
	);
	const polling = { maxWaitMs: 60_000, intervalMs: 1_000 };
	const answer = inTurn<JsonObject>(...troubles);
	let looks = 0;
	const getCall = async () =>
		looks++ < 3 ? await answer() : await new Promise<never>(() => undefined);
	const hanging = wait([], { twenty2: twenty2With({ getCall }), polling });
	const failing = wait(troubles, { polling });
	await passUntilQuiet();
	expect(hanging.fields()?.message).toMatch(/The last look at it: third$/);
	expect(failing.fields()?.message).toMatch(/The last look at it: third$/);
});

it('the wait for the end of a call says in the log which call it looks at', async () => {
	const access = newAccess();
	wait([ended], { access, resumed: true });
	await passUntilQuiet();
	expect(access.asked).toMatchObject([{ what: 'Looking whether call_1 has ended' }]);
});

it.each([
	['12:00', true],
	['20:30', false],
])(
	'the end of a wait says at %s UTC whether the call may have rung yet',
	async (time, mayHaveRung) => {
		vi.setSystemTime(new Date(`2026-05-22T${time}:00Z`));
		const { fields } = wait([live], { polling: { maxWaitMs: 1_000, intervalMs: 1_000 } });
		await passUntilQuiet();
		const advice = adviceFor('WAIT_TIMEOUT') ?? '';
		const night =
			'. Twenty2 phones nobody between 21:00 and 9:00 India time, so the call may not have rung yet';
		expect(fields()?.description).toBe(mayHaveRung ? advice : advice + night);
	},
);

it('knownEnd gives what an earlier try found', () => {
	expect(knownEnd(placed({ ended }))).toEqual(ended);
	expect(knownEnd(placed())).toBeUndefined();
	expect(knownEnd(newEntry())).toBeUndefined();
});

const waiting = { waitForCompletion: true };

it('there is no polling where the call is not waited for, whatever the options say', () => {
	const options = { maxWaitMinutes: -1 };
	expect(pollingOf(readerOf({ waitForCompletion: false }, options))).toBeUndefined();
});

it('polling lasts half an hour, every 10 seconds, or as the options say', () => {
	expect(pollingOf(readerOf(waiting))).toEqual({ maxWaitMs: 1_800_000, intervalMs: 10_000 });
	const options = { maxWaitMinutes: 0.5, pollIntervalSeconds: 1 };
	expect(pollingOf(readerOf(waiting, options))).toEqual({ maxWaitMs: 30_000, intervalMs: 1_000 });
});

it.each([
	['maxWaitMinutes', -0.1, 'Max Wait (Minutes) must be a number of minutes from 0 up'],
	['pollIntervalSeconds', 0, 'Check Every (Seconds) must be a number of seconds from 1 to 3600'],
	['pollIntervalSeconds', 3601, 'Check Every (Seconds) must be'],
])('the options of polling refuse %s of %j', (name, value, message) => {
	expect(() => pollingOf(readerOf(waiting, { [name]: value }))).toThrow(message);
});

describe('The hint that Max Wait ends at night', () => {
	const node = new Twenty2();
	const waiting = { operation: 'createCall', waitForCompletion: true, options: {} };
	const isShown = (parameters: INodeParameters, time: string) => {
		vi.setSystemTime(new Date(`2026-05-22T${time}:00+05:30`));
		return evaluated(node, nightHint.displayCondition, parameters);
	};

	it('the hint of the night is one of the node, before a run', () => {
		expect(node.description.hints).toEqual([nightHint]);
		expect(nightHint).toMatchObject({ whenToDisplay: 'beforeExecution', location: 'outputPane' });
	});

	it.each([
		['20:59', false],
		['21:00', true],
		['23:30', true],
		['00:00', true],
		['08:29', true],
		['08:30', false],
		['08:59', false],
		['09:00', false],
		['12:00', false],
	])('the hint of the night is shown at %s in India: %s', (time, shown) => {
		expect(isShown(waiting, time)).toBe(shown);
	});

	it('the hint of the night is shown at the minutes at which a call rings after Max Wait', () => {
		for (let minute = 0; minute < 1_440; minute += 7) {
			const time = new Date(minute * 60_000).toISOString().slice(11, 16);
			const shown = isShown({ ...waiting, options: { maxWaitMinutes: 200 } }, time);
			expect([time, shown]).toEqual([time, ringsAt(Date.now()) - Date.now() > 200 * 60_000]);
		}
	});

	it.each<[string, INodeParameters]>([
		['nobody waits', { ...waiting, waitForCompletion: false }],
		['a dry run waits for nothing', { ...waiting, options: { dryRun: true } }],
		['Max Wait lasts until nine', { ...waiting, options: { maxWaitMinutes: 720 } }],
		['a call is only looked up', { ...waiting, operation: 'getCall' }],
	])('the hint of the night is not shown where %s', (_, parameters) => {
		expect(isShown(parameters, '21:00')).toBe(false);
	});
});
