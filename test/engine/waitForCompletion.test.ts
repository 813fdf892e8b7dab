import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Run, RunningExecution } from './engine';
import { loopAround } from './loopAround';
import { LoopOverItems } from './loopOverItems';
import { resumesAfterStop } from './n8nCore';
import { createCallNode, engineFor, getCallNode, leads, onceEach, phone } from './twenty2';
import { runUntilDone, settle, untilDone, useVirtualTime } from './virtualTime';

type Misread = Parameters<Sandbox['behaveReads']>[1];

type Settings = Parameters<typeof createCallNode>[1];

const SECOND = 1_000;

/** Calls of six seconds. */
const brief = { ringMs: 1 * SECOND, talkMs: 5 * SECOND };

/** Calls of a minute. */
const long = { ringMs: 1 * SECOND, talkMs: 59 * SECOND };

useVirtualTime();
let sandbox: Sandbox;
const open = async (options: Parameters<typeof startSandbox>[0] = {}) => {
	sandbox = await startSandbox({ clock: () => Date.now(), ...long, ...options });
};
beforeEach(() => open());
afterEach(() => sandbox.close());

const reopen = async (options: Parameters<typeof startSandbox>[0]) => {
	await sandbox.close();
	await open(options);
};

const limited = (changes: IDataObject = {}) =>
	engineFor(sandbox, { requestsPerMinute: 60, ...changes });

/** A node that waits, looking every 5 seconds unless its options say otherwise. */
const waiting = (options: IDataObject = {}, settings: Settings = {}, more: IDataObject = {}) =>
	createCallNode(
		{ waitForCompletion: true, options: { pollIntervalSeconds: 5, ...options }, ...more },
		settings,
	);

const done = async (...executions: Array<Promise<RunningExecution>>) =>
	await untilDone(sandbox, executions);

/** Moves the clock on in steps in which requests can be answered. */
const pass = async (seconds: number) => {
	for (let tenths = 0; tenths < seconds * 10; tenths++) {
		vi.advanceTimersByTime(100);
		await settle(sandbox);
	}
};

const looks = (callId = '') =>
	sandbox.seen.requests.filter(({ method, path }) => method === 'GET' && path.includes(callId));

const callOf = (n: number) => {
	const [call] = sandbox.seen.callsTo(phone(n));
	if (!call) throw new Error(`${phone(n)} was not phoned`);
	return call;
};

const statuses = ({ success }: Run) => success.map(({ json }) => json.status);

const errorsIn = (items: Run['success']) => items.map(({ json }) => json.error);

describe.each(['apiKey', 'workspace'] as const)('(%s)', (authentication) => {
	it.each(['simplified', 'raw', 'selected'])(
		'gives what Get Call gives once the call has ended (output %s)',
		async (output) => {
			const outputFields = ['call_id', 'status', 'duration_seconds'];
			const waited = await runUntilDone(
				sandbox,
				limited().start({
					items: leads(1),
					node: waiting({}, {}, { authentication, output, outputFields }),
				}),
			);
			const call_id = callOf(0).call_id;
			const read = await runUntilDone(
				sandbox,
				limited().start({
					items: [{ call_id }],
					node: getCallNode({ authentication, output, outputFields }),
				}),
			);

			expect(waited.error).toBeUndefined();
			expect(waited.success).toEqual(read.success);
			const call = { call_id, status: 'completed', duration_seconds: 59 };
			const isNested = authentication === 'workspace' && output === 'raw';
			expect(waited.success[0]?.json).toMatchObject(isNested ? { call } : call);
		},
	);

	it('gives a call that nobody answers as a result, and not as a failure', async () => {
		sandbox.behave(phone(1), 'unanswered');
		const run = await runUntilDone(
			sandbox,
			limited().start({
				items: leads(3),
				node: waiting({}, { onError: 'continueErrorOutput' }, { authentication }),
			}),
		);

		expect(run.errors).toEqual([]);
		expect(statuses(run)).toEqual(['completed', 'failed', 'completed']);
		expect(run.success.map(({ pairedItem }) => pairedItem)).toEqual(
			leads(3).map((_, item) => ({ item })),
		);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(3)));
	});
});

it.each([
	['apiKey', 'voicemail'],
	['apiKey', 'Call Completed'],
	['workspace', 'call-disconnected'],
	['workspace', 'user_hangup'],
])('ends with a call that ends without a documented word (%s, %s)', async (...row) => {
	const [authentication, over] = row;
	await reopen({ ...long, ownStatuses: { live: 'talking', over } });
	const { runs, seconds } = await done(
		limited().start({ items: leads(6), node: waiting({}, {}, { authentication }) }),
	);
	expect(runs.map(statuses)).toEqual([leads(6).map(() => over)]);
	expect(runs[0]?.success[0]?.json).toMatchObject({ duration_seconds: 59, cost: '3.93 INR' });
	// Each call has its line until three looks agreed, and no longer.
	expect(sandbox.seen.mostLive).toBe(3);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
	expect(seconds).toBeGreaterThanOrEqual(2 * (60 + 5));
	expect(seconds).toBeLessThanOrEqual(2 * (60 + 5 * 5));
});

it.each([1, 5, 20])('looks not before %i seconds, and not oftener', async (pollIntervalSeconds) => {
	await done(limited().start({ items: leads(1), node: waiting({ pollIntervalSeconds }) }));
	const times = [callOf(0).placedAt, ...looks().map(({ at }) => at)];
	const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
	expect(Math.min(...gaps)).toBeGreaterThanOrEqual(pollIntervalSeconds * SECOND);
	expect(Math.max(...gaps)).toBeLessThanOrEqual(pollIntervalSeconds * SECOND + 5 * SECOND);
});

// The least time is that of the calls themselves, three at once; the rest is finding out late.
it.each([
	{ seconds: 6, pace: brief, count: 40, every: 1, ratio: 1.6, mostLooks: 80 },
	{ seconds: 6, pace: brief, count: 40, every: 3, ratio: 1.45, mostLooks: 70 },
	{ seconds: 60, pace: long, count: 30, every: 1, ratio: 1.06, mostLooks: 450 },
	{ seconds: 60, pace: long, count: 30, every: 10, ratio: 1.01, mostLooks: 200 },
])(
	'takes $ratio of the least time and $mostLooks looks at most for $count calls of $seconds seconds, every $every seconds',
	async ({ seconds: each, pace, count, every, ratio, mostLooks }) => {
		await reopen(pace);
		const { runs, seconds } = await done(
			limited().start({ items: leads(count), node: waiting({ pollIntervalSeconds: every }) }),
		);
		expect(runs.map(statuses)).toEqual([leads(count).map(() => 'completed')]);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(count)));
		const { mostLive, refusals } = sandbox.seen;
		expect({ mostLive, refusals }).toEqual({ mostLive: 3, refusals: 0 });
		const least = Math.ceil(count / 3) * each;
		expect(seconds / least).toBeLessThanOrEqual(ratio);
		expect(looks().length).toBeLessThanOrEqual(mostLooks);
	},
);

it('waits for calls while another execution places 300 that nobody waits for', async () => {
	await reopen({ ...long, concurrentCalls: 1_000 });
	const key = limited({ concurrentCalls: 15 });
	const waits = key.start({ items: leads(12), node: waiting({ pollIntervalSeconds: 1 }) });
	await settle(sandbox);
	const from = Date.now();
	const others = leads(312).slice(12);
	const { runs } = await done(waits, key.start({ items: others, node: createCallNode() }));

	expect(runs.map(({ success }) => success.length)).toEqual([12, 300]);
	expect(sandbox.seen.refusals).toBe(0);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(312)));
	const known = leads(12).map((_, n) => looks(callOf(n).call_id).at(-1)?.at ?? 0);
	const ended = Math.max(...leads(12).map((_, n) => callOf(n).endedAt));
	// What was sent in one burst keeps the limit used up, for looks too, until a minute after it.
	expect((Math.max(...known) - ended) / SECOND).toBeLessThanOrEqual(70);
	const placed = others.map((_, n) => callOf(12 + n).placedAt);
	const inMinute = (n: number) =>
		placed.filter((at) => Math.floor((at - from) / (60 * SECOND)) === n).length;
	expect([0, 1, 2, 3].map(inMinute).every((count) => count >= 30)).toBe(true);
	// Without looks it is just over 4 minutes.
	expect((Math.max(...placed) - from) / SECOND).toBeLessThanOrEqual(320);
});

it('waits while all lines are busy with calls that are waited for, and gives a freed line on', async () => {
	await reopen({ ...long, concurrentCalls: 12 });
	const key = limited({ concurrentCalls: 12 });
	const waits = key.start({ items: leads(12), node: waiting({ pollIntervalSeconds: 1 }) });
	await settle(sandbox);
	const others = leads(24).slice(12);
	const { runs } = await done(waits, key.start({ items: others, node: createCallNode() }));

	expect(runs.map(({ success }) => success.length)).toEqual([12, 12]);
	expect(sandbox.seen.mostLive).toBe(12);
	const late = others.map((_, n) => callOf(12 + n).placedAt - callOf(0).endedAt);
	expect(Math.max(...late)).toBeLessThanOrEqual(60 * SECOND);
});

it('waits also where there is one line, which the call itself holds', async () => {
	await reopen({ ...brief, concurrentCalls: 1 });
	const { runs, seconds } = await done(
		limited({ concurrentCalls: 1 }).start({
			items: leads(3),
			node: waiting({ pollIntervalSeconds: 2 }),
		}),
	);
	expect(runs.map(statuses)).toEqual([leads(3).map(() => 'completed')]);
	expect(sandbox.seen.mostLive).toBe(1);
	expect(sandbox.seen.refusals).toBe(0);
	expect(seconds).toBeLessThanOrEqual(1.35 * 18);
});

it('says nothing of having waited for a limit', async () => {
	const run = await runUntilDone(
		sandbox,
		limited({ concurrentCalls: 12 }).start({
			items: leads(3),
			node: waiting({ pollIntervalSeconds: 1 }),
		}),
	);
	expect(run.hints).toEqual([]);
});

/** One call, whose looks go wrong from the beginning; its outcome or its error. */
const after = async (
	behaviour: Parameters<Sandbox['behaveReads']>[1],
	options: IDataObject = {},
) => {
	sandbox.behaveReads('*', behaviour);
	const { runs, seconds } = await done(
		limited().start({
			items: leads(1),
			node: waiting(options, { onError: 'continueRegularOutput' }),
		}),
	);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
	return { json: runs[0]?.success[0]?.json, seconds };
};

const refused = (status: number, code: string) =>
	({ kind: 'refuse', status, code, message: `Refused with ${code}` }) as const;

const troubles: Array<[Misread, RegExp]> = [
	['500 always', /Something went wrong on our side$/],
	['503 always', /Service unavailable$/],
	['502 html', /status 502 and no explanation$/],
	['504 html', /status 504 and no explanation$/],
	['429 always', /Rate limit exceeded$/],
	['odd 200', /it has no call with a call_id and a status$/],
	['empty 200', /it is not a JSON object$/],
	['cut', /ended before the answer$/],
	['hang', /No answer from .* within 3 seconds$/],
	['unknown code', /The quota of this workspace is used up$/],
	[refused(404, 'CALL_NOT_FOUND'), /Refused with CALL_NOT_FOUND$/],
];

it.each(troubles)('outlasts half a minute of trouble (%o)', async (behaviour) => {
	sandbox.behaveReads('*', behaviour);
	const running = limited().start({
		items: leads(1),
		node: waiting({ requestTimeoutSeconds: 3 }),
	});
	await settle(sandbox);
	await pass(35);
	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	const { runs, seconds } = await done(running);
	expect(runs.map(statuses)).toEqual([['completed']]);
	// The rest of the call, and then at most a backoff and an interval.
	expect(seconds).toBeLessThanOrEqual(60 - 35 + 30 + 5);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
});

it('loses none of 12 waits to 20 seconds of 503', async () => {
	await reopen({ ...long, concurrentCalls: 12 });
	sandbox.behaveReads('*', '503 always');
	const running = limited({ concurrentCalls: 12 }).start({
		items: leads(12),
		node: waiting({ pollIntervalSeconds: 1 }),
	});
	await settle(sandbox);
	await pass(20);
	sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
	const { runs } = await done(running);
	expect(runs.map(statuses)).toEqual([leads(12).map(() => 'completed')]);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(12)));
});

it('waits for a call that Twenty2 does not know in its first seconds', async () => {
	const { json, seconds } = await after(
		{ ...refused(404, 'CALL_NOT_FOUND'), times: 2 },
		{ pollIntervalSeconds: 1 },
	);
	expect(json).toMatchObject({ call_id: callOf(0).call_id, status: 'completed' });
	expect(seconds).toBeLessThanOrEqual(63);
});

it('WAIT_TIMEOUT comes after a fraction of a minute, with the call that goes on', async () => {
	const { runs, seconds } = await done(
		limited().start({
			items: leads(1),
			node: waiting({ maxWaitMinutes: 0.2 }, { onError: 'continueErrorOutput' }),
		}),
	);
	expect(runs[0]?.errors.map(({ json }) => json)).toEqual([
		{
			name: 'Lead 0',
			phone: phone(0),
			error: {
				code: 'WAIT_TIMEOUT',
				message: 'The call did not end within 0.2 minutes',
				description: expect.stringContaining('Get Call'),
				status: null,
				source: 'n8n',
				outcome: 'placed',
				// The create, and looks after 5, 10 and 12 seconds.
				attempts: 4,
				call_id: callOf(0).call_id,
			},
		},
	]);
	expect(looks().map(({ at }) => at - callOf(0).placedAt)).toEqual([
		5 * SECOND,
		10 * SECOND,
		12 * SECOND,
	]);
	expect(seconds).toBeLessThan(12.5);
});

it.each([
	[1, '1 minute'],
	[1 / 3, '0.33 minutes'],
	[0, '0 minutes'],
])('WAIT_TIMEOUT after %d minutes says %s', async (maxWaitMinutes, text) => {
	await reopen({ ...long, talkMs: 3_600 * SECOND });
	const settings = { onError: 'continueRegularOutput' } as const;
	const run = await runUntilDone(
		sandbox,
		limited().start({ items: leads(1), node: waiting({ maxWaitMinutes }, settings) }),
	);
	expect(errorsIn(run.success)).toMatchObject([{ message: `The call did not end within ${text}` }]);
});

it('WAIT_TIMEOUT comes after one look, not two, when that look had to wait for its turn', async () => {
	await reopen({ ...long, talkMs: 3_600 * SECOND, concurrentCalls: 40 });
	const { runs } = await done(
		limited({ concurrentCalls: 40 }).start({
			items: leads(40),
			node: waiting(
				{ maxWaitMinutes: 0.1, pollIntervalSeconds: 5 },
				{ onError: 'continueRegularOutput' },
			),
		}),
	);
	const attempts = errorsIn(runs[0]?.success ?? []);
	expect(attempts).toHaveLength(40);
	// The create and a look, and for the first few one more at the deadline.
	expect(looks().length).toBeLessThanOrEqual(42);
	for (const error of attempts) expect(error).toMatchObject({ code: 'WAIT_TIMEOUT' });
});

it.each([
	['the limit leaves no place', {}, { requestsPerMinute: 2 }, 3],
	['the limit leaves no place at all', {}, { requestsPerMinute: 1 }, 2],
	['Twenty2 refuses every look', { behaviour: '429 always' }, {}, 3],
	['Twenty2 answers no look', { behaviour: 'hang' }, {}, 3],
	['Twenty2 has trouble with every look', { behaviour: '503 always' }, {}, 4],
] as const)(
	'WAIT_TIMEOUT comes in time when %s',
	async (_, { behaviour }: { behaviour?: Misread }, limit, most) => {
		if (behaviour) sandbox.behaveReads('*', behaviour);
		const { runs, seconds } = await done(
			limited(limit).start({
				items: leads(1),
				node: waiting(
					{ maxWaitMinutes: 0.1, pollIntervalSeconds: 2 },
					{ onError: 'continueRegularOutput' },
				),
			}),
		);
		const [error] = errorsIn(runs[0]?.success ?? []);
		expect(error).toMatchObject({
			code: 'WAIT_TIMEOUT',
			outcome: 'placed',
			call_id: callOf(0).call_id,
			attempts: looks().length + 1,
		});
		expect(looks().length).toBeLessThanOrEqual(most);
		expect(seconds).toBeLessThanOrEqual(6 + 2 + 0.5);
		await pass(120);
		expect(looks().length).toBeLessThanOrEqual(most);
	},
);

it('a wait that timed out is resumed by a retry, which looks once at once', async () => {
	const node = waiting({ maxWaitMinutes: 0 });
	const first = await runUntilDone(sandbox, limited().start({ items: leads(1), node }));
	expect(first.error).toMatchObject({ code: 'WAIT_TIMEOUT' });
	expect(first.error?.message).toBe(
		'The call did not end within 0 minutes. 1 call was already placed.',
	);
	const second = await runUntilDone(sandbox, first.startRetry());
	expect(second.error).toMatchObject({ code: 'WAIT_TIMEOUT' });
	expect(looks()).toHaveLength(2);
	await pass(60);
	const third = await runUntilDone(sandbox, second.startRetry());
	expect(statuses(third)).toEqual(['completed']);
	expect(looks()).toHaveLength(3);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
});

describe('under Stop Workflow', () => {
	/**
	 * The first call ends after a second, which is seen after five; then the fourth is refused, twice,
	 * while the second and the third are waited for.
	 */
	const failing = () => {
		sandbox.behave(phone(0), 'unanswered');
		sandbox.behave(phone(3), '500 twice');
	};
	const node = (settings: Settings = {}) => waiting({ maxRetries: 0 }, settings);
	const expected = ['failed', ...leads(5).map(() => 'completed')];

	it('a failing item ends the other waits at once under Stop Workflow, and counts their calls as placed', async () => {
		failing();
		const { runs, seconds } = await done(limited().start({ items: leads(6), node: node() }));
		expect(runs[0]?.error).toMatchObject({
			code: 'INTERNAL_ERROR',
			message: expect.stringMatching(/\. 3 calls were already placed\.$/),
			description: expect.stringMatching(/To place only the missing calls, open Executions/),
			context: { itemIndex: 3, data: { error: { outcome: 'not_placed' } } },
		});
		expect(seconds).toBeLessThan(6);
		const sent = sandbox.seen.requests.length;
		await pass(100);
		expect(sandbox.seen.requests).toHaveLength(sent);
	});

	it('a call that cannot be looked at is counted among those placed under Stop Workflow', async () => {
		const message = 'This key may no longer read calls';
		sandbox.behaveReads('*', { kind: 'refuse', status: 403, code: 'FORBIDDEN', message });
		const run = await runUntilDone(
			sandbox,
			limited({ concurrentCalls: 1 }).start({ items: leads(3), node: node() }),
		);
		expect(run.error).toMatchObject({
			code: 'FORBIDDEN',
			message: expect.stringMatching(/\. 1 call was already placed\.$/),
			context: { data: { error: { outcome: 'placed', call_id: callOf(0).call_id } } },
		});
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
	});

	it('Retry On Fail waits on for the calls that were placed under Stop Workflow', async () => {
		failing();
		const settings = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1_000 };
		const { runs, seconds } = await done(
			limited().start({ items: leads(6), node: node(settings) }),
		);
		expect(runs.map(statuses)).toEqual([expected]);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
		expect(sandbox.seen.mostLive).toBe(3);
		expect(sandbox.seen.refusals).toBe(0);
		expect(looks(callOf(0).call_id)).toHaveLength(1);
		// Two rounds of a minute, the failures between them, and seeing it late.
		expect(seconds).toBeLessThan(145);
	});

	it('Retry execution waits on for the calls that were placed, twice', async () => {
		failing();
		const first = await runUntilDone(sandbox, limited().start({ items: leads(6), node: node() }));
		const second = await runUntilDone(sandbox, first.startRetry());
		expect([first.status, second.status]).toEqual(['error', 'error']);
		const third = await runUntilDone(sandbox, second.startRetry());
		expect(statuses(third)).toEqual(expected);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
		expect(sandbox.seen.mostLive).toBe(3);
		expect(sandbox.seen.refusals).toBe(0);
		expect(looks(callOf(0).call_id)).toHaveLength(1);
	});

	it('a retry waits for a call that an earlier try placed without waiting', async () => {
		sandbox.behave(phone(1), '500 once');
		const node = createCallNode({ options: { maxRetries: 0 } });
		const failed = await runUntilDone(
			sandbox,
			limited({ concurrentCalls: 1 }).start({ items: leads(2), node }),
		);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
		const workflow = structuredClone(failed.workflow);
		Object.assign(workflow.nodes[1]?.parameters ?? {}, waiting().parameters);
		const retried = await runUntilDone(sandbox, failed.startRetry({ workflow }));
		expect(statuses(retried)).toEqual(['completed', 'completed']);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(2)));
	});
});

it('Retry On Fail under the error output neither redials nor looks at ended calls again', async () => {
	sandbox.behave(phone(0), 'refused');
	const run = await runUntilDone(
		sandbox,
		limited().start({
			items: leads(4),
			node: waiting(
				{},
				{ onError: 'continueErrorOutput', retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
			),
		}),
	);
	expect(statuses(run)).toEqual(['completed', 'completed', 'completed']);
	expect(errorsIn(run.errors)).toMatchObject([{ code: 'INVALID_NUMBER', outcome: 'not_placed' }]);
	const others = Object.entries(onceEach(leads(4))).filter(([number]) => number !== phone(0));
	expect(sandbox.seen.perNumber()).toEqual(Object.fromEntries(others));
	expect(looks()).toHaveLength(3 * 12);
});

it('Retry On Fail under the error output waits on for a call that took too long', async () => {
	const run = await runUntilDone(
		sandbox,
		limited().start({
			items: leads(3),
			node: waiting(
				{ maxWaitMinutes: 0.6 },
				{ onError: 'continueErrorOutput', retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
			),
		}),
	);
	expect(run.errors).toEqual([]);
	expect(statuses(run)).toEqual(['completed', 'completed', 'completed']);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(3)));
});

it('a call that is waited for again keeps its line, so that new creates wait', async () => {
	await reopen({ ...long, concurrentCalls: 1 });
	const key = limited({ concurrentCalls: 1 });
	const timedOut = await runUntilDone(
		sandbox,
		key.start({ items: leads(1), node: waiting({ maxWaitMinutes: 0.1 }) }),
	);
	expect(timedOut.error).toMatchObject({ code: 'WAIT_TIMEOUT' });
	const workflow = structuredClone(timedOut.workflow);
	Object.assign(workflow.nodes[1]?.parameters ?? {}, waiting().parameters);

	const resumed = timedOut.startRetry({ workflow });
	await settle(sandbox);
	const other = key.start({ items: leads(2).slice(1), node: createCallNode() });
	const { runs } = await done(resumed, other);
	expect(runs.map(({ status }) => status)).toEqual(['success', 'success']);
	expect(sandbox.seen.refusals).toBe(0);
	expect(callOf(1).placedAt).toBeGreaterThanOrEqual(callOf(0).endedAt);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(2)));
});

it('gives a line back when a create is refused, and when a wait runs out', async () => {
	// Twenty2 allows a second call while the first goes on.
	await reopen({ ...long, concurrentCalls: 2 });
	sandbox.behave(phone(0), 'refused');
	sandbox.behave(phone(1), '422');
	const key = limited({ concurrentCalls: 1 });
	const run = await runUntilDone(
		sandbox,
		key.start({
			items: leads(4),
			node: waiting({ maxWaitMinutes: 0.1 }, { onError: 'continueRegularOutput' }),
		}),
	);
	expect(errorsIn(run.success)).toMatchObject([
		{ code: 'INVALID_NUMBER' },
		{ code: 'INVALID_NUMBER' },
		{ code: 'WAIT_TIMEOUT' },
		{ code: 'WAIT_TIMEOUT' },
	]);
});

const patiently = () => waiting({ pollIntervalSeconds: 5 });
const moments: Array<[string, () => Promise<void>]> = [
	['before the first look', async () => undefined],
	['between two looks', async () => await pass(7)],
	[
		'while a look is on its way',
		async () => {
			sandbox.behaveReads('*', 'hang');
			await pass(5);
		},
	],
	[
		'while a look is to be tried again',
		async () => {
			sandbox.behaveReads('*', '500 always');
			await pass(5);
		},
	],
	[
		'while too many requests hold it up',
		async () => {
			sandbox.behaveReads('*', { kind: '429', retryAfterSeconds: 100 });
			await pass(6);
		},
	],
];

it.each(
	moments.flatMap((moment) =>
		(['cancel', 'timeOut'] as const).map((how) => [...moment, how] as const),
	),
)('Stop %s ends the wait at once (%s)', async (_, until, how) => {
	const running = await limited().start({ items: leads(5), node: patiently() });
	await settle(sandbox);
	await until();
	running[how]();
	const stoppedAt = performance.now();
	const sent = sandbox.seen.requests.length;
	// The clock stands still: whatever still waited for it would wait for ever.
	const stopped = await running.finished;
	expect(stopped.status).toBe('canceled');
	expect(performance.now()).toBe(stoppedAt);
	expect(vi.getTimerCount()).toBe(0);
	await vi.advanceTimersByTimeAsync(20 * SECOND);
	await settle(sandbox);
	expect(sandbox.seen.requests).toHaveLength(sent);
});

it.runIf(resumesAfterStop).each(moments)(
	'Stop %s and a retry phone nobody again',
	async (_, until) => {
		const running = await limited().start({ items: leads(5), node: patiently() });
		await settle(sandbox);
		await until();
		running.cancel();
		const stopped = await running.finished;
		await vi.advanceTimersByTimeAsync(20 * SECOND);

		sandbox.behaveReads('*', { kind: 'slow', ms: 0 });
		const retried = await runUntilDone(sandbox, stopped.startRetry());
		expect(retried.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(3)));
	},
);

it('Stop says how many calls were placed, that they go on, and where they are found', async () => {
	const running = await limited().start({ items: leads(5), node: patiently() });
	await settle(sandbox);
	await pass(2);
	running.cancel();
	const { error } = await running.finished;
	expect(error?.message).toMatch(
		/^The execution was canceled\. 3 calls were already placed\. .*go on\. Find them in Twenty2, or with Get Many Calls/,
	);
});

it('Stop does not wait for the looks of another execution on the key', async () => {
	await reopen({ ...long, concurrentCalls: 13 });
	const key = limited({ concurrentCalls: 13 });
	const node = waiting({ pollIntervalSeconds: 1 });
	const others = key.start({ items: leads(13).slice(1), node });
	await settle(sandbox);
	const running = await key.start({ items: leads(1), node });
	await settle(sandbox);
	await pass(4);
	running.cancel();
	// The clock stands still, and with it the looks of the other one.
	expect((await running.finished).status).toBe('canceled');
	const { runs } = await done(others);
	expect(runs.map(statuses)).toEqual([leads(12).map(() => 'completed')]);
});

it('Stop leaves its lines to the next execution', async () => {
	await reopen({ ...long, concurrentCalls: 6 });
	const running = await limited().start({ items: leads(3), node: patiently() });
	await settle(sandbox);
	running.cancel();
	await running.finished;
	const next = await limited().start({ items: leads(6).slice(3), node: createCallNode() });
	await settle(sandbox);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(6)));
	await next.finished;
});

it('tells the passes of a loop apart, also when one is retried', async () => {
	const items = [0, 1, 0, 2, 0, 3].map((n) => ({ phone: phone(n) }));
	sandbox.behave(phone(2), '500 once');
	const engine = engineFor(sandbox, {}, { 'test.loop': new LoopOverItems() });
	const workflow = loopAround(waiting({ maxRetries: 0 }));
	const failed = await runUntilDone(
		sandbox,
		engine.startWorkflow(workflow, { items, observe: 'Loop' }),
	);
	expect(failed.status).toBe('error');
	const retried = await runUntilDone(sandbox, failed.startRetry());

	expect(statuses(retried)).toEqual(items.map(() => 'completed'));
	const ids = retried.success.map(({ json }) => json.call_id);
	expect(new Set(ids).size).toBe(6);
	expect(sandbox.seen.perNumber()).toEqual({ ...onceEach(leads(4)), [phone(0)]: 3 });
});

it('places a call once for its deduplication key, and waits on for it', async () => {
	const engine = limited();
	const settings = { onError: 'continueRegularOutput' } as const;
	const key = { deduplicationKey: '={{ $json.name }}' };
	const first = await runUntilDone(
		sandbox,
		engine.start({ items: leads(2), node: waiting({ ...key, maxWaitMinutes: 0.5 }) }),
	);
	expect(first.error).toMatchObject({ code: 'WAIT_TIMEOUT' });
	const other = await runUntilDone(
		sandbox,
		engine.start({ items: leads(2), node: waiting(key, settings) }),
	);
	expect(errorsIn(other.success)).toMatchObject([
		{ code: 'DUPLICATE_CALL', outcome: 'not_placed' },
		{ code: 'DUPLICATE_CALL', outcome: 'not_placed' },
	]);
	await pass(30);
	const retried = await runUntilDone(sandbox, first.startRetry());
	expect(statuses(retried)).toEqual(['completed', 'completed']);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(2)));
});
