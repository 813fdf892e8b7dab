import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Run } from './engine';
import { createCallNode, engineFor, leads } from './twenty2';
import { runUntilDone, useVirtualTime } from './virtualTime';

/** A minute before Twenty2 stops phoning people, one after, and when most are asleep, in India. */
const BEFORE_NINE_PM = Date.UTC(2026, 4, 22, 15, 29);
const AFTER_NINE_PM = Date.UTC(2026, 4, 22, 15, 31);
const THREE_AM = Date.UTC(2026, 4, 22, 21, 30);

useVirtualTime();
let sandbox: Sandbox;
beforeEach(async () => {
	vi.setSystemTime(AFTER_NINE_PM);
	// A call takes as long as the night does.
	sandbox = await startSandbox({ clock: () => Date.now(), ringMs: 12 * 3_600_000 });
});
afterEach(() => sandbox.close());

const runOf = async (
	node: ReturnType<typeof createCallNode>,
	{ count = 3, timezone = 'Europe/Berlin' } = {},
): Promise<Run> => {
	const started = engineFor(sandbox).start({ items: leads(count), node, settings: { timezone } });
	return await runUntilDone(sandbox, started);
};

const hints = ({ hints: given }: Run) => given.map(({ message }) => message);

const waiting = createCallNode(
	{ waitForCompletion: true, options: { maxWaitMinutes: 1, pollIntervalSeconds: 30 } },
	{ onError: 'continueRegularOutput' },
);

it('a hint tells once of calls placed at night, with the day and the time in the timezone of the workflow', async () => {
	expect(hints(await runOf(createCallNode()))).toEqual([
		expect.stringMatching(
			/^3 calls of this run ring only at 9:00 India time, when Twenty2 begins to phone people again: Saturday,? 23 May( at|,) 05:30 in this workflow's timezone \(Europe\/Berlin\)\.$/,
		),
	]);
});

it.each([
	['America/New_York', /: Friday,? 22 May( at|,) 23:30 in/],
	['Asia/Kolkata', /: Saturday,? 23 May( at|,) 09:00 in/],
	['Pacific/Kiritimati', /: Saturday,? 23 May( at|,) 17:30 in/],
	['UTC', /: Saturday,? 23 May( at|,) 03:30 in/],
])('the hint of calls placed at night is right in %s', async (timezone, words) => {
	vi.setSystemTime(THREE_AM);
	expect(hints(await runOf(createCallNode(), { timezone }))).toEqual([
		expect.stringMatching(words),
	]);
});

it('the hint of calls placed at night comes also where the workflow has a timezone that nobody knows', async () => {
	const run = await runOf(createCallNode(), { timezone: 'DEFAULT', count: 1 });
	expect(run.status).toBe('success');
	expect(hints(run)).toEqual([
		'1 call of this run rings only at 9:00 India time, when Twenty2 begins to phone people again.',
	]);
});

it('the hint of calls placed at night comes when they are waited for, too', async () => {
	const run = await runOf(waiting, { count: 1 });
	expect(run.success[0]?.json.error).toMatchObject({ code: 'WAIT_TIMEOUT', outcome: 'placed' });
	expect(hints(run)).toEqual([
		expect.stringMatching(/^1 call of this run rings only at 9:00 India time/),
	]);
});

it('the hint of calls placed at night comes where others rang before nine in the evening', async () => {
	vi.setSystemTime(BEFORE_NINE_PM);
	sandbox.limits.refuseConcurrent = false;
	const run = await runOf(waiting, { count: 4 });
	expect(hints(run)).toEqual([
		expect.stringMatching(/^1 call of this run rings only at 9:00 India time/),
	]);
});

// n8n drops the hints of a node that throws.
it('WAIT_TIMEOUT tells of calls placed at night, under Stop Workflow too', async () => {
	const run = await runOf({ ...waiting, onError: 'stopWorkflow' }, { count: 1 });
	expect(run.error).toMatchObject({
		code: 'WAIT_TIMEOUT',
		description: expect.stringMatching(/Twenty2 phones nobody between 21:00 and 9:00 India time/),
	});
});

it.each([createCallNode(), waiting])(
	'there is no hint of calls placed before nine in the evening',
	async (node) => {
		vi.setSystemTime(BEFORE_NINE_PM - 3_600_000);
		expect(hints(await runOf(node))).toEqual([]);
	},
);

it('there is no hint of calls placed at night that rang while they were waited for', async () => {
	await sandbox.close();
	sandbox = await startSandbox({ clock: () => Date.now(), ringMs: 70_000, talkMs: 5_000 });
	vi.setSystemTime(Date.UTC(2026, 4, 23, 3, 29));
	const run = await runOf({
		...waiting,
		parameters: { ...waiting.parameters, options: { pollIntervalSeconds: 10 } },
	});
	expect(run.success.map(({ json }) => json.status)).toEqual(leads(3).map(() => 'completed'));
	expect(hints(run)).toEqual([]);
});
