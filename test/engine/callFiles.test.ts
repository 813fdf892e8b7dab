import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Run } from './engine';
import { createCallNode, engineFor, getCallNode, leads, onceEach } from './twenty2';
import { runUntilDone, settle, untilDone, useVirtualTime } from './virtualTime';

const SECOND = 1_000;

const generations = ['apiKey', 'workspace'] as const;

const both = { downloadRecording: true, includeTranscript: true };

type Delays = Parameters<typeof startSandbox>[0];

/** What keeps the files of a call away for a while after its end. */
const late: Array<[string, Delays]> = [
	['have no link for 9 seconds', { linkDelayMs: 9 * SECOND }],
	['answer 404 for 8 seconds', { fileDelayMs: 8 * SECOND, statusUntilThen: 404 }],
	['answer 202 for 8 seconds', { fileDelayMs: 8 * SECOND, statusUntilThen: 202 }],
	['are empty for 8 seconds', { fileDelayMs: 8 * SECOND, statusUntilThen: 200 }],
	['have no link for 50 seconds', { linkDelayMs: 50 * SECOND }],
];

useVirtualTime();
let sandbox: Sandbox;
const open = async (delays: Delays) => {
	const pace = { ringMs: SECOND, talkMs: 5 * SECOND };
	sandbox = await startSandbox({ clock: () => Date.now(), ...pace, ...delays });
};
beforeEach(() => open({}));
afterEach(() => sandbox.close());
const reopen = async (delays: Delays) => {
	await sandbox.close();
	await open(delays);
};

const limited = (changes: IDataObject = {}) =>
	engineFor(sandbox, { requestsPerMinute: 60, ...changes });
const waiting = (options: IDataObject = {}, more: IDataObject = {}) =>
	createCallNode(
		{ waitForCompletion: true, options: { pollIntervalSeconds: 2, ...options }, ...more },
		{ onError: 'continueErrorOutput' },
	);
const filesOf = ({ success }: Run) =>
	success.map(({ json, binary }) => [binary?.recording?.mimeType, typeof json.transcript_text]);

/** A call that has ended just now. */
const endedCall = async (authentication: string) => {
	const node = createCallNode({ authentication });
	await runUntilDone(sandbox, limited().start({ items: leads(1), node }));
	await vi.advanceTimersByTimeAsync(6 * SECOND);
	return sandbox.seen.calls.at(-1)?.call_id ?? '';
};

describe.each(generations)('(%s)', (authentication) => {
	it.each(late)(
		'late files come all the same with a call that is waited for: they %s',
		async (_, delays) => {
			await reopen(delays);
			const node = waiting(both, { authentication });
			const run = await runUntilDone(sandbox, limited().start({ items: leads(1), node }));
			expect(run.errors).toEqual([]);
			expect(filesOf(run)).toEqual([['audio/wav', 'string']]);
			expect(run.success[0]?.json.transcript_text).toContain('Hello');
			expect(run.success[0]?.json.recording_url).toMatch(/^http/);
			expect(run.hints).toEqual([]);
			expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(1)));
		},
	);

	it.each(late)('late files come all the same with Get Call: they %s', async (_, delays) => {
		await reopen(delays);
		const call_id = await endedCall(authentication);
		const node = getCallNode({ authentication, options: both });
		const run = await runUntilDone(sandbox, limited().start({ items: [{ call_id }], node }));
		expect(filesOf(run)).toEqual([['audio/wav', 'string']]);
	});
});

it('files that never came fail an item that says that its call was placed', async () => {
	await reopen({ fileDelayMs: 3_600 * SECOND });
	const node = waiting(both);
	const run = await runUntilDone(sandbox, limited().start({ items: leads(1), node }));
	expect(run.errors[0]?.json.error).toMatchObject({ code: 'DOWNLOAD_FAILED', outcome: 'placed' });
});

it('files are left out where nothing is ever linked, with one hint, and one minute for the run', async () => {
	await reopen({ linkDelayMs: Number.POSITIVE_INFINITY });
	const { runs, seconds } = await untilDone(sandbox, [
		limited().start({ items: leads(30), node: waiting({ downloadRecording: true }) }),
	]);
	expect(runs[0]?.success).toHaveLength(30);
	expect(filesOf(runs[0] ?? expect.fail())).toEqual(leads(30).map(() => [undefined, 'undefined']));
	expect(runs[0]?.hints.map(({ message }) => message)).toEqual([
		expect.stringContaining('Twenty2 gave no link to the recording of 30 calls'),
	]);
	// Ten rounds of three calls, seen late, while the first call waits for its minute: 660 one by one.
	expect(seconds).toBeLessThanOrEqual(120);
});

// Each look for a late link is one request more. With calls of 6 seconds, requests are what is short.
it.each([
	{ talk: 57, interval: 5, ratio: 1.05 },
	{ talk: 27, interval: 5, ratio: 1.05 },
	{ talk: 5, interval: 2, ratio: 1.4 },
])('late files keep no line and no later call waiting (calls of $talk s)', async (given) => {
	const placedIn = async (delays: Delays, options: IDataObject) => {
		await reopen({ talkMs: given.talk * SECOND, ...delays });
		const node = waiting({ pollIntervalSeconds: given.interval, ...options });
		await runUntilDone(sandbox, limited().start({ items: leads(24), node }));
		expect(sandbox.seen.perNumber()).toEqual(onceEach(leads(24)));
		expect(sandbox.seen.mostLive).toBe(3);
		const placed = sandbox.seen.calls.map(({ placedAt }) => placedAt);
		return (Math.max(...placed) - Math.min(...placed)) / SECOND;
	};
	const alone = await placedIn({}, {});
	const withLateFiles = await placedIn({ fileDelayMs: 40 * SECOND }, both);
	expect(withLateFiles / alone).toBeLessThanOrEqual(1.01);
	for (const linkDelayMs of [9 * SECOND, Number.POSITIVE_INFINITY]) {
		expect((await placedIn({ linkDelayMs }, both)) / alone).toBeLessThanOrEqual(given.ratio);
	}
});

it.each<[string, Delays]>([
	['link', { linkDelayMs: Number.POSITIVE_INFINITY }],
	['file', { fileDelayMs: 3_600 * SECOND }],
])('files are no longer waited for after Stop (%s)', async (_, delays) => {
	await reopen(delays);
	const running = await limited().start({ items: leads(1), node: waiting(both) });
	await settle(sandbox);
	for (let seconds = 0; seconds < 20; seconds++) {
		await vi.advanceTimersByTimeAsync(SECOND);
		await settle(sandbox);
	}
	running.cancel();
	const stopped = await running.finished;
	expect(stopped.status).toBe('canceled');
	expect(vi.getTimerCount()).toBe(0);
	const sent = sandbox.seen.requests.length + sandbox.seen.media.length;
	await vi.advanceTimersByTimeAsync(120 * SECOND);
	await settle(sandbox);
	expect(sandbox.seen.requests.length + sandbox.seen.media.length).toBe(sent);
});
