import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { logger } from './n8nCore';
import { createCallNode, engineFor, getCallNode, leads, onceEach, phone } from './twenty2';
import { runUntilDone, settle, untilDone, useVirtualTime } from './virtualTime';

useVirtualTime();
let sandbox: Sandbox;
const start = async (options: Parameters<typeof startSandbox>[0] = {}) => {
	sandbox = await startSandbox({ clock: () => performance.now(), ...options });
};
beforeEach(() => start({ refuseConcurrent: false }));
afterEach(() => sandbox.close());

const limited = () => engineFor(sandbox, { requestsPerMinute: 60 });

it('a small execution does not wait behind a large one that starts with it', async () => {
	const alone = await untilDone(sandbox, [
		limited().start({ items: leads(2), node: createCallNode() }),
	]);
	await vi.advanceTimersByTimeAsync(60_000);

	const from = performance.now();
	const large = limited().start({ items: leads(500).slice(2), node: createCallNode() });
	const small = limited().start({ items: leads(2), node: createCallNode() });
	let doneAt = 0;
	void small
		.then(async ({ finished }) => await finished)
		.then(() => {
			doneAt = performance.now();
		});
	const { runs } = await untilDone(sandbox, [large, small]);

	expect(runs.map(({ success }) => success.length)).toEqual([498, 2]);
	expect((doneAt - from) / 1_000).toBeLessThan(alone.seconds + 3);
});

it('a small execution that comes later is given every other place', async () => {
	const large = limited().start({ items: leads(200), node: createCallNode() });
	await settle(sandbox);
	expect(sandbox.seen.requests).toHaveLength(60);
	const late = leads(210).slice(200);
	const small = limited().start({ items: late, node: createCallNode() });
	await untilDone(sandbox, [large, small]);

	const order = sandbox.seen.calls.map(({ number }) => number);
	const places = late.map((lead) => order.indexOf(lead.phone));
	// Ten leads of its own, ten of the other, and the other's that already stood in line.
	expect(Math.max(...places)).toBeLessThan(60 + 20 + 3);
	expect(places).toEqual(places.toSorted((a, b) => a - b));
});

it('twelve unattended calls are placed soon after lines free, refused beyond three', async () => {
	await sandbox.close();
	await start({ concurrentCalls: 3, ringMs: 1_000, talkMs: 4_000 });
	const run = await runUntilDone(
		sandbox,
		limited().start({ items: leads(12), node: createCallNode() }),
	);

	expect(run.success).toHaveLength(12);
	expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(12)));
	expect(sandbox.seen.mostLive).toBe(3);
	const placed = sandbox.seen.calls.map(({ placedAt }) => placedAt);
	const seconds = (Math.max(...placed) - Math.min(...placed)) / 1_000;
	expect(seconds).toBeLessThanOrEqual(1.5 * 15);
});

it('lines are found free of calls that end without a documented word', async () => {
	await sandbox.close();
	const ownStatuses = { live: 'talking', over: 'voicemail' };
	const pace = { ringMs: 1_000, talkMs: 59_000, ownStatuses };
	await start({ concurrentCalls: 3, ...pace });
	const run = await runUntilDone(
		sandbox,
		limited().start({
			items: leads(9),
			node: createCallNode({ options: { giveUpAfterSeconds: 600 } }),
		}),
	);
	expect(run.error).toBeUndefined();
	expect(run.success).toHaveLength(9);
	expect(sandbox.seen.mostLive).toBe(3);
	const placed = sandbox.seen.calls.map(({ placedAt }) => placedAt);
	const seconds = (Math.max(...placed) - Math.min(...placed)) / 1_000;
	// Two rounds of a minute, and three looks at each call after its end: else over 900 seconds.
	expect(seconds).toBeLessThanOrEqual(300);
	const refusedCreates = sandbox.seen.requests.filter(({ status }) => status === 429);
	expect(refusedCreates.length).toBeLessThanOrEqual(4);
});

it('short lines keep no read from being sent for longer than the next try takes', async () => {
	await sandbox.close();
	await start({ concurrentCalls: 1, ringMs: 1_000, talkMs: 20_000 });
	const calls = limited().start({ items: leads(2), node: createCallNode() });
	await settle(sandbox);
	const [call] = sandbox.seen.calls;
	const { runs, seconds } = await untilDone(sandbox, [
		limited().start({ items: [{ call_id: call?.call_id }], node: getCallNode() }),
	]);
	expect(runs[0]?.success).toHaveLength(1);
	expect(seconds).toBeLessThan(5);
	await untilDone(sandbox, [calls]);
});

it('one hint says how long a run waited and why, when it took more than 5 seconds', async () => {
	const run = await runUntilDone(
		sandbox,
		limited().start({ items: leads(61), node: createCallNode() }),
	);
	expect(run.hints.map(({ message }) => message)).toEqual([
		expect.stringMatching(
			/^This run waited 1 minute( 1 second)? for the limit of 60 requests a minute that its Twenty2 credential sets\.$/,
		),
	]);
});

it('the hint gives another reason when Twenty2 said that there were too many', async () => {
	sandbox.behave(phone(0), { kind: '429', times: 1, retryAfterSeconds: 20 });
	const run = await runUntilDone(
		sandbox,
		limited().start({ items: leads(1), node: createCallNode() }),
	);
	expect(run.hints.map(({ message }) => message)).toEqual([
		expect.stringMatching(
			/^This run waited 2\d seconds because Twenty2 said that there were too many requests, /,
		),
	]);
});

it('the debug log tells of a wait, without numbers or keys', async () => {
	const debug = vi.spyOn(logger, 'debug');
	sandbox.behave(phone(0), { kind: '429', times: 1 });
	await untilDone(sandbox, [limited().start({ items: leads(62), node: createCallNode() })]);

	const lines = debug.mock.calls.map(([message]) => message);
	expect(lines).toContainEqual('Call to …0000 was refused: Rate limit exceeded');
	expect(lines).toContainEqual(
		expect.stringMatching(/^Call to …00\d\d waits: \d+ of 60 requests of the last minute used$/),
	);
	expect(lines.join()).not.toContain(phone(60).slice(-5));
	expect(lines.join()).not.toContain('sandbox-key');
	debug.mockRestore();
});

const waits: Array<[string, () => Promise<void>]> = [
	['for the limit', async () => undefined],
	[
		'for the pause after a refusal',
		async () => sandbox.behave(phone(5), { kind: '429', retryAfterSeconds: 100 }),
	],
	[
		'for a free line',
		async () => {
			await sandbox.close();
			await start({ concurrentCalls: 3, ringMs: 1_000, talkMs: 60_000 });
		},
	],
	['for another try', async () => sandbox.behave(phone(5), '500 always')],
];

it.each(
	waits.flatMap((wait) => (['cancel', 'timeOut'] as const).map((how) => [...wait, how] as const)),
)('a wait for a limit ends at once when the execution is stopped %s', async (_, prepare, how) => {
	await prepare();
	const running = await limited().start({ items: leads(70), node: createCallNode() });
	await settle(sandbox);
	running[how]();
	const stoppedAt = performance.now();
	const sent = sandbox.seen.requests.length;
	// The clock stands still: whatever still waited for it would wait for ever.
	const run = await running.finished;
	expect(run.status).toBe('canceled');
	expect(performance.now()).toBe(stoppedAt);

	await vi.advanceTimersByTimeAsync(200_000);
	await settle(sandbox);
	expect(sandbox.seen.requests).toHaveLength(sent);
	expect(vi.getTimerCount()).toBe(0);
});

it('a stopped wait leaves its place to the next execution on the key', async () => {
	const running = await limited().start({ items: leads(62), node: createCallNode() });
	await settle(sandbox);
	const next = limited().start({ items: [{ phone: phone(100) }], node: createCallNode() });
	await settle(sandbox);
	running.cancel();
	await running.finished;
	const { seconds } = await untilDone(sandbox, [next]);
	expect(sandbox.seen.perNumber()[phone(100)]).toBe(1);
	expect(seconds).toBeLessThanOrEqual(61);
});
