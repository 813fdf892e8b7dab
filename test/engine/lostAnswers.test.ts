import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Run } from './engine';
import { resumesAfterStop } from './n8nCore';
import { createCallNode, engineFor, leads, onceEach, phone } from './twenty2';
import { runUntilDone, settle, untilDone, useVirtualTime } from './virtualTime';

const MINUTE_MS = 60_000;

type Settings = Parameters<typeof createCallNode>[1];

const errorOutput: Settings = { onError: 'continueErrorOutput' };

const workspaceNode = (options: IDataObject = {}, settings = errorOutput, parameters = {}) =>
	createCallNode({ authentication: 'workspace', ...parameters, options }, settings);

const trouble = {
	kind: 'refuse' as const,
	status: 500,
	code: 'INTERNAL_ERROR',
	message: 'Something went wrong on our side',
};

const codesOf = ({ errors }: Run) => errors.map(({ json }) => Object(json.error).code);
const placedIn = (run: Run) =>
	run.success.map(({ json, pairedItem }) => [Object(pairedItem).item, json.call_id]);

/** A call that Twenty2 has from somewhere else, such as its dashboard. */
async function phoneByHand({ url }: Sandbox, number: string): Promise<void> {
	const response = await fetch(`${url}/api/agent/trigger-outbound-call`, {
		method: 'POST',
		headers: {
			authorization: `Basic ${btoa('sandbox-key:sandbox-secret')}`,
			'x-workspace-id': 'ws_sandbox',
			'content-type': 'application/json',
		},
		body: JSON.stringify({
			agent_id: 'asst_demo',
			callee_phone: number.slice(3),
			caller_phone: '7971441943',
			input_parameters: {},
		}),
	});
	expect(response.status).toBe(200);
}

/** Midnight in India. Twenty2 begins no call before nine. */
const MIDNIGHT = Date.UTC(2026, 4, 22, 18, 30);

describe('in virtual time', () => {
	useVirtualTime();
	let sandbox: Sandbox;
	const open: Sandbox[] = [];
	const start = async (options: Parameters<typeof startSandbox>[0] = {}) => {
		const clock = () => Date.now();
		sandbox = await startSandbox({ clock, refuseConcurrent: false, ...options });
		open.push(sandbox);
	};
	beforeEach(() => start());
	afterEach(async () => {
		for (const one of open.splice(0)) await one.close();
	});

	const run = async (items: IDataObject[], node = workspaceNode(), credential = {}) => {
		const started = engineFor(sandbox, credential).start({ items, node });
		const { runs, seconds } = await untilDone(sandbox, [started]);
		const [done] = runs;
		if (!done) throw new Error('It has not ended');
		return { run: done, seconds };
	};
	const looks = () => sandbox.seen.requests.filter(({ method }) => method === 'GET');
	const creates = () => sandbox.seen.requests.filter(({ method }) => method === 'POST');
	const idsTo = (number: string) => sandbox.seen.callsTo(number).map(({ call_id }) => call_id);

	/** How long after the first request the second one arrives, in milliseconds. */
	const startOneByOne = async (ms: number, between: () => void) => {
		const delays = [0, ms];
		await start({
			networkDelay: () => delays.shift() ?? 0,
			onRequest: ({ method }) => {
				if (method === 'POST') between();
			},
		});
	};

	it('the calls of 4 lost answers among 10 come back from the call logs, and one that was not placed does not', async () => {
		const lost = [1, 4, 6, 8];
		for (const n of lost) sandbox.behave(phone(n), 'place and cut');
		sandbox.behave(phone(3), 'cut');
		const { run: done, seconds } = await run(leads(10));

		const placed = leads(10).flatMap(({ phone: number }, item) =>
			item === 3 ? [] : [[item, number]],
		);
		expect(placedIn(done)).toEqual(
			placed.map(([item, number]) => [item, idsTo(String(number))[0]]),
		);
		expect(done.errors[0]?.json).toMatchObject({
			name: 'Lead 3',
			error: { code: 'OUTCOME_UNKNOWN', outcome: 'unknown', attempts: 4 },
		});
		expect(sandbox.seen.perNumber()).toEqual(
			Object.fromEntries(placed.map(([, number]) => [number, 1])),
		);
		expect(seconds).toBeLessThan(10);
	});

	it('a call that was found comes out as Create Call gives it', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(leads(1));
		expect(done.success[0]?.json).toEqual({ call_id: idsTo(phone(0))[0], status: 'in-progress' });
		expect(looks()).toHaveLength(1);
	});

	it('a call whose answer got lost is waited for like any other call', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(leads(1), workspaceNode({}, {}, { waitForCompletion: true }));
		expect(done.success[0]?.json).toMatchObject({
			call_id: idsTo(phone(0))[0],
			status: 'completed',
		});
	});

	it('a call whose answer got lost is reused as found when the execution is retried', async () => {
		sandbox.behave(phone(0), 'place and cut');
		sandbox.behave(phone(1), '500 always');
		const { run: failed } = await run(leads(2), workspaceNode({ maxRetries: 1 }, {}));
		sandbox.behave(phone(1), 'unanswered');
		const { runs } = await untilDone(sandbox, [failed.startRetry()]);
		expect(runs.map(placedIn)).toEqual([
			[
				[0, idsTo(phone(0))[0]],
				[1, idsTo(phone(1))[0]],
			],
		]);
		expect(sandbox.seen.calls).toHaveLength(2);
	});

	it('a call whose answer got lost is looked for to the end when another item has ended the run meanwhile', async () => {
		sandbox.behave(phone(0), 'place and cut');
		sandbox.behave(phone(1), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
		const { run: stopped } = await run(leads(3), workspaceNode({}, {}));
		expect(stopped.error).toMatchObject({ context: { itemIndex: 1 } });

		const retried = await runUntilDone(sandbox, stopped.startRetry());
		expect(retried.success).toHaveLength(3);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1, [phone(2)]: 1 });
	});

	it('a call whose answer got lost is not looked for with an API key, which lists no calls', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(leads(1), createCallNode({}, errorOutput));
		expect(done.errors[0]?.json.error).toMatchObject({ code: 'OUTCOME_UNKNOWN', attempts: 1 });
		expect(looks()).toEqual([]);
	});

	const twice = [...leads(1), ...leads(1)];

	it('a person on the list twice has two unknown outcomes when both answers got lost', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(twice);
		expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
		expect(sandbox.seen.calls).toHaveLength(2);
	});

	it.each([
		['the first', true],
		['the second', false],
	])('a person on the list twice has one call found when only %s was placed', async (_, first) => {
		await startOneByOne(100, () => sandbox.behave(phone(0), { kind: 'cut', places: !first }));
		sandbox.behave(phone(0), { kind: 'cut', places: first });
		const { run: done } = await run(twice);
		expect(placedIn(done).map(([, id]) => id)).toEqual(idsTo(phone(0)));
		expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN']);
		expect(sandbox.seen.calls).toHaveLength(1);
	});

	it.each([true, false])(
		'a lost call is not taken for that of another item, which is still on its way (placed: %s)',
		async (places) => {
			await startOneByOne(2_500, () => sandbox.behave(phone(0), 'unanswered'));
			sandbox.behave(phone(0), { kind: 'cut', places });
			const { run: done } = await run(twice);

			const ids = idsTo(phone(0));
			expect(placedIn(done)).toEqual(
				places
					? [
							[0, ids[0]],
							[1, ids[1]],
						]
					: [[1, ids[0]]],
			);
			expect(codesOf(done)).toEqual(places ? [] : ['OUTCOME_UNKNOWN']);
		},
	);

	it('one call never comes out for two items, also of different executions', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const engine = engineFor(sandbox);
		const { runs } = await untilDone(
			sandbox,
			[1, 2, 3].map(async () => await engine.start({ items: leads(1), node: workspaceNode() })),
		);
		const given = runs.flatMap(placedIn).map(([, id]) => id);
		expect(new Set(given).size).toBe(given.length);
		expect(sandbox.seen.calls).toHaveLength(3);
	});

	it.each([3, 10])(
		'a lost call is not mistaken for one to the person that began %i seconds before',
		async (seconds) => {
			await phoneByHand(sandbox, phone(0));
			await vi.advanceTimersByTimeAsync(seconds * 1_000);
			sandbox.behave(phone(0), 'cut');
			const { run: done } = await run(leads(1));
			expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN']);
		},
	);

	it('a lost call is not mistaken for one that this n8n placed for another item', async () => {
		const { run: first } = await run(leads(1));
		expect(first.success).toHaveLength(1);
		sandbox.behave(phone(0), 'cut');
		const { run: done } = await run(leads(1));
		expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN']);
	});

	it('a lost call is not one of two that began since', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const started = engineFor(sandbox).start({ items: leads(1), node: workspaceNode() });
		await settle(sandbox);
		sandbox.behave(phone(0), 'unanswered');
		await phoneByHand(sandbox, phone(0));
		const { runs } = await untilDone(sandbox, [started]);
		expect(runs.map(codesOf)).toEqual([['OUTCOME_UNKNOWN']]);
	});

	it('a lost call is not found while it is queued and has not begun', async () => {
		sandbox.pace.ringMs = 60 * MINUTE_MS;
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(leads(1));
		expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN']);
		expect(sandbox.seen.calls).toHaveLength(1);
	});

	describe.each([-7, -0.5, 0.5, 7])('is found when their clock is %f minutes ahead', (minutes) => {
		beforeEach(() => start({ clock: () => Date.now() + minutes * MINUTE_MS }));

		it('a lost call is found when their clock is wrong', async () => {
			sandbox.behave(phone(0), 'place and cut');
			const { run: done } = await run(leads(1));
			expect(placedIn(done)).toEqual([[0, idsTo(phone(0))[0]]]);
		});

		it('no older call is found instead when their clock is wrong', async () => {
			await phoneByHand(sandbox, phone(0));
			await vi.advanceTimersByTimeAsync(10_000);
			sandbox.behave(phone(0), 'cut');
			const { run: done } = await run(leads(1));
			expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN']);
		});
	});

	it.each(['500 once', '500 twice', 'cut'] as const)(
		'a lost call is found although the call logs answer %s',
		async (behaviour) => {
			sandbox.behave(phone(0), 'place and cut');
			sandbox.behaveReads('*', behaviour === 'cut' ? { kind: 'cut', times: 2 } : behaviour);
			const { run: done, seconds } = await run(leads(1));
			expect(placedIn(done)).toEqual([[0, idsTo(phone(0))[0]]]);
			expect(seconds).toBeLessThan(10);
		},
	);

	it('a lost call is looked for within the limit of the key', async () => {
		const limit = { requestsPerMinute: 3 };
		await start(limit);
		sandbox.behave(phone(0), 'place and cut');
		sandbox.behave(phone(1), 'cut');
		const { run: done } = await run(leads(3), workspaceNode(), limit);
		expect(placedIn(done)).toEqual([
			[0, idsTo(phone(0))[0]],
			[2, idsTo(phone(2))[0]],
		]);
		expect(sandbox.seen.mostInAnyWindow).toBe(3);
		expect(sandbox.seen.refusals).toBe(0);
	});

	it.each(['place and cut', 'trouble'] as const)(
		'a lost call is found although the create was the probe after "too many requests" (%s)',
		async (then) => {
			const behaviour = then === 'trouble' ? { ...trouble, places: true } : then;
			await start({
				onRequest: ({ status }) => {
					if (status === 429) sandbox.behave(phone(0), behaviour);
				},
			});
			sandbox.behave(phone(0), '429 once');
			const { run: done, seconds } = await run(leads(1));
			expect(placedIn(done)).toEqual([[0, idsTo(phone(0))[0]]]);
			expect(seconds).toBeLessThan(10);
		},
	);

	it('a lost call is looked for although it takes the last request of the minute', async () => {
		const limit = { requestsPerMinute: 1 };
		await start(limit);
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(leads(1), workspaceNode(), limit);
		expect(placedIn(done)).toEqual([[0, idsTo(phone(0))[0]]]);
		expect(sandbox.seen.refusals).toBe(0);
	});

	it.runIf(resumesAfterStop)(
		'Stop ends the search for a lost call, and a retry phones nobody again',
		async () => {
			sandbox.behave(phone(0), 'place and cut');
			const node = workspaceNode({}, {});
			const running = await engineFor(sandbox).start({ items: leads(1), node });
			await settle(sandbox);
			await vi.advanceTimersByTimeAsync(500);
			running.cancel();
			const stoppedAt = performance.now();
			const stopped = await running.finished;
			expect(stopped.status).toBe('canceled');
			expect(performance.now()).toBe(stoppedAt);
			expect(looks()).toEqual([]);
			expect(vi.getTimerCount()).toBe(0);

			const { runs } = await untilDone(sandbox, [stopped.startRetry()]);
			expect(runs.map(({ error }) => error)).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
			expect(sandbox.seen.calls).toHaveLength(1);
		},
	);

	const placeAgain = { retryUnknownOutcome: true };

	it('with Call Again When Unsure a lost call is looked for first, and not placed again when it is found', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run(leads(1), workspaceNode(placeAgain));
		expect(placedIn(done)).toEqual([[0, idsTo(phone(0))[0]]]);
		expect(creates()).toHaveLength(1);
	});

	it('with Call Again When Unsure a lost call is placed again when nothing is found', async () => {
		sandbox.behave(phone(0), { kind: 'cut', times: 1 });
		const { run: done } = await run(leads(1), workspaceNode(placeAgain));
		expect(placedIn(done)).toEqual([[0, idsTo(phone(0))[0]]]);
		expect(sandbox.seen.requests.map(({ method }) => method)).toEqual([
			'POST',
			'GET',
			'GET',
			'GET',
			'POST',
		]);
	});

	it('with Call Again When Unsure a lost call is not placed again when several may be it', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const { run: done } = await run([...leads(1), ...leads(1)], workspaceNode(placeAgain));
		expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
		expect(sandbox.seen.calls).toHaveLength(2);
	});

	it('with Call Again When Unsure a retry places no lost call again when several may be it', async () => {
		sandbox.behave(phone(0), 'place and cut');
		const node = workspaceNode(placeAgain, {});
		const { run: failed } = await run([...leads(1), ...leads(1)], node);
		const { runs } = await untilDone(sandbox, [failed.startRetry()]);
		expect(runs.map(({ error }) => error)).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
		expect(sandbox.seen.calls).toHaveLength(2);
	});

	it.each([500, 503])(
		'a person who was phoned in spite of the %i is not phoned again',
		async (status) => {
			sandbox.behave(phone(0), { ...trouble, status, places: true });
			const { run: done } = await run(leads(1));
			expect(placedIn(done)).toEqual([[0, sandbox.seen.calls[0]?.call_id]]);
			expect(creates()).toHaveLength(1);
			expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1 });
		},
	);

	it.each([500, 503])(
		'a call is tried again after a %i when the call logs do not list it',
		async (status) => {
			sandbox.behave(phone(0), { ...trouble, status, times: 1 });
			const { run: done } = await run(leads(1));
			expect(placedIn(done)).toEqual([[0, sandbox.seen.calls[0]?.call_id]]);
			expect(sandbox.seen.requests.map(({ method }) => method)).toEqual([
				'POST',
				'GET',
				'GET',
				'GET',
				'POST',
			]);
		},
	);

	it('a call is tried again although the call logs had trouble too, once they have not', async () => {
		sandbox.behave(phone(0), { ...trouble, times: 1 });
		sandbox.behaveReads('*', { ...trouble, times: 4 });
		const { run: done } = await run(leads(1));
		expect(placedIn(done)).toEqual([[0, sandbox.seen.calls[0]?.call_id]]);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1 });
	});

	const atNight = () => {
		vi.setSystemTime(MIDNIGHT);
		sandbox.pace.sleepsAtNight = true;
	};

	it.each(['place and 500', 'place and cut'] as const)(
		'a call placed at night is not placed again with Call Again When Unsure, nor by a retry (%s)',
		async (behaviour) => {
			atNight();
			sandbox.behave(phone(0), behaviour);
			const again = workspaceNode({ maxRetries: 2, retryUnknownOutcome: true }, {});
			const { run: failed } = await run(leads(1), again);
			const retried = await runUntilDone(sandbox, failed.startRetry());
			expect([failed, retried].map(({ error }) => error)).toMatchObject([
				{ code: 'OUTCOME_UNKNOWN' },
				{ code: 'OUTCOME_UNKNOWN' },
			]);
			expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1 });
		},
	);

	it('a call placed at night is placed again after trouble when the call logs list nothing like it', async () => {
		atNight();
		for (const n of [1, 3]) sandbox.behave(phone(n), '500 once');
		const { run: done } = await run(leads(5));
		expect(placedIn(done)).toHaveLength(5);
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(5)));
	});

	it('a call placed at night is not mistaken for the queued call of another item to the same person', async () => {
		atNight();
		const first = await run(leads(1));
		sandbox.behave(phone(0), '500 once');
		const second = await run(leads(1));
		expect([first, second].map((each) => codesOf(each.run))).toEqual([[], []]);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 2 });
	});

	it('a call placed at night is in doubt beside a queued call that this n8n did not place', async () => {
		atNight();
		await phoneByHand(sandbox, phone(0));
		await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
		sandbox.behave(phone(0), '500 once');
		const { run: done } = await run(leads(1));
		expect(codesOf(done)).toEqual(['OUTCOME_UNKNOWN']);
		expect(creates()).toHaveLength(2);
	});

	it('a call placed at night is found once it has begun, when the night ends meanwhile', async () => {
		atNight();
		vi.setSystemTime(MIDNIGHT + 9 * 60 * MINUTE_MS - 2_000);
		sandbox.behave(phone(0), 'place and 500');
		const { run: done } = await run(leads(1));
		expect(placedIn(done)).toEqual([[0, sandbox.seen.calls[0]?.call_id]]);
		expect(creates()).toHaveLength(1);
	});
});

describe('in real time', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ requestsPerMinute: 10_000, refuseConcurrent: false });
	});
	afterEach(() => sandbox.close());

	it('a lost call is told from the same call of another item once that one is answered', async () => {
		sandbox.behave(phone(0), { kind: 'cut', places: true, times: 1 });
		const engine = engineFor(sandbox);
		const lost = engine.run({ items: leads(1), node: workspaceNode() });
		await expect.poll(() => sandbox.seen.calls.length).toBe(1);
		sandbox.behave(phone(0), { kind: 'slow', ms: 2_000 });
		const slow = engine.run({ items: leads(1), node: workspaceNode() });
		const runs = await Promise.all([lost, slow]);

		expect(runs.map(placedIn)).toEqual(sandbox.seen.calls.map(({ call_id }) => [[0, call_id]]));
		expect(sandbox.seen.calls).toHaveLength(2);
	});

	it('a lost call is found although a look is never answered', async () => {
		sandbox.behave(phone(0), 'place and cut');
		sandbox.behaveReads('*', { kind: 'hang', times: 1 });
		// Longer than this test: a look has a patience of its own.
		const node = workspaceNode({ requestTimeoutSeconds: 3_600 });
		const run = await engineFor(sandbox).run({ items: leads(1), node });
		expect(placedIn(run)).toEqual([[0, sandbox.seen.calls[0]?.call_id]]);
		expect(sandbox.seen.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
	});
});
