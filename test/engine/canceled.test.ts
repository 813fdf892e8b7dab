import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Sandbox } from '../../sandbox';
import { startWithAnswers, type Answers } from './answers';
import { resumesAfterStop } from './n8nCore';
import { createCallNode, engineFor, leads, phone } from './twenty2';
import { runUntilDone, settle, useVirtualTime } from './virtualTime';

// Unless a test moves the clock, it stands still: what this node still waited for after Stop would wait for ever.
useVirtualTime();
let sandbox: Sandbox;
let answers: Answers;
beforeEach(async () => {
	({ sandbox, answers } = await startWithAnswers({ clock: () => performance.now() }));
});
afterEach(() => sandbox.close());

/** Nothing waits for a later moment, and none of the next minutes brings a request. */
const expectNothingLeft = async () => {
	expect(vi.getTimerCount()).toBe(0);
	await settle(sandbox);
	const sent = sandbox.seen.requests.length;
	await vi.advanceTimersByTimeAsync(200_000);
	await settle(sandbox);
	expect(sandbox.seen.requests).toHaveLength(sent);
};

it.each(['cancel', 'timeOut'] as const)(
	'Stop in the editor drops what is queued (%s)',
	async (how) => {
		const running = await engineFor(sandbox).start({ items: leads(30), node: createCallNode() });
		answers.after(6, () => running[how]());
		const run = await running.finished;

		expect(run.status).toBe('canceled');
		await expectNothingLeft();
		// Six, and what was on its way.
		expect(sandbox.seen.requests.length).toBeLessThanOrEqual(6 + 3);
	},
);

it('Stop in the editor ends the wait for a retry, and Retry On Fail sends nothing either', async () => {
	sandbox.behave(phone(0), '500 always');
	const running = await engineFor(sandbox).start({
		items: leads(1),
		node: createCallNode({}, { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 }),
	});
	await settle(sandbox);
	running.cancel();
	// n8n itself still waits between the tries.
	await runUntilDone(sandbox, Promise.resolve(running));
	await expectNothingLeft();
	expect(sandbox.seen.requests).toHaveLength(1);
});

it('Stop in the editor leaves the key to the next execution at once', async () => {
	for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 100 });
	const engine = engineFor(sandbox);
	const running = await engine.start({ items: leads(9), node: createCallNode() });
	answers.after(1, () => running.cancel());
	await runUntilDone(sandbox, Promise.resolve(running));
	const next = await runUntilDone(
		sandbox,
		engine.start({ items: [{ phone: phone(20) }], node: createCallNode() }),
	);
	expect(next.success).toHaveLength(1);
});

it.skipIf(resumesAfterStop)(
	'an execution that was stopped phones nobody at all when it is retried on n8n 1',
	async () => {
		for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 50 });
		const running = await engineFor(sandbox).start({ items: leads(9), node: createCallNode() });
		answers.after(2, () => running.cancel());
		const stopped = await runUntilDone(sandbox, Promise.resolve(running));
		const sent = sandbox.seen.requests.length;
		const retried = await runUntilDone(sandbox, stopped.startRetry());

		expect([stopped.status, retried.status]).toEqual(['canceled', 'success']);
		expect(retried.success).toEqual([]);
		expect(sandbox.seen.requests).toHaveLength(sent);
	},
);

it.each(['stopWorkflow', 'continueRegularOutput'] as const)(
	'an execution that was stopped phones nobody twice when it is retried before n8n has saved it (%s)',
	async (onError) => {
		for (const lead of leads(9)) sandbox.behave(lead.phone, { kind: 'slow', ms: 50 });
		const running = await engineFor(sandbox).start({
			items: leads(9),
			node: createCallNode({}, { onError }),
		});
		answers.after(2, () => running.cancel({ unsaved: true }));
		const stopped = await runUntilDone(sandbox, Promise.resolve(running));
		const phoned = sandbox.seen.perNumber();
		const retried = await runUntilDone(sandbox, stopped.startRetry());

		const told =
			onError === 'stopWorkflow' ? [retried.error] : retried.success.map(({ json }) => json.error);
		expect(told).toHaveLength(onError === 'stopWorkflow' ? 1 : 9);
		for (const error of told) expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
		expect(sandbox.seen.perNumber()).toEqual(phoned);
		expect(new Set(Object.values(sandbox.seen.perNumber()))).toEqual(new Set([1]));
	},
);

it.runIf(resumesAfterStop)(
	'a retry of a stopped execution phones nobody again, and phones who was never reached',
	async () => {
		for (const lead of leads(50)) sandbox.behave(lead.phone, { kind: 'slow', ms: 50 });
		const running = await engineFor(sandbox).start({
			items: leads(50),
			node: createCallNode({}, { onError: 'continueRegularOutput' }),
		});
		answers.after(25, () => running.cancel());
		const stopped = await runUntilDone(sandbox, Promise.resolve(running));
		const retried = await runUntilDone(sandbox, stopped.startRetry());

		expect(stopped.status).toBe('canceled');
		expect(retried.status).toBe('success');
		expect(new Set(Object.values(sandbox.seen.perNumber()))).toEqual(new Set([1]));
		// The first 40 are two tranches, in which the stopped execution had begun to phone.
		const doubtful = retried.success.slice(0, 40).map(({ json }) => json.error);
		for (const error of doubtful) expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
		expect(retried.success.slice(40).map(({ json }) => json.status)).toEqual(
			Array<string>(10).fill('queued'),
		);
	},
);
