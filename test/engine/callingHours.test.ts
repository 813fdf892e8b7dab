import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import type { Run } from './engine';
import { createCallNode, engineFor, leads, phone } from './twenty2';
import { runUntilDone, useVirtualTime } from './virtualTime';

/** Friday in India. */
const friday = (hour: number, minute = 0) => Date.UTC(2026, 4, 22, hour, minute - 330);

useVirtualTime();
let sandbox: Sandbox;
beforeEach(async () => {
	const limits = { requestsPerMinute: 1_000, refuseConcurrent: false };
	sandbox = await startSandbox({ ...limits, clock: () => performance.now() });
});
afterEach(() => sandbox.close());

type Settings = NonNullable<Parameters<typeof createCallNode>[1]>;

const errorOutput: Settings = { onError: 'continueErrorOutput' };

const within = (hours: IDataObject, options: IDataObject = {}, settings = errorOutput) =>
	createCallNode({ options: { callingHours: { hours }, ...options } }, settings);

const runOf = async (
	node: ReturnType<typeof createCallNode>,
	{
		items = leads(2) as IDataObject[],
		timezone = 'Asia/Kolkata',
		credential = {} as IDataObject,
	} = {},
): Promise<Run> =>
	await runUntilDone(
		sandbox,
		engineFor(sandbox, credential).start({ items, node, settings: { timezone } }),
	);

const errorsOf = ({ errors }: Run) => errors.map(({ json }) => Object(json.error));

it('a call outside the hours is not placed, and its item says when to try again', async () => {
	vi.setSystemTime(friday(21, 14));
	const run = await runOf(within({ from: '09:00', to: '21:00', days: [1, 2, 3, 4, 5] }));
	expect(run.status).toBe('success');
	expect(errorsOf(run)).toEqual(
		leads(2).map(() => ({
			code: 'OUTSIDE_CALLING_HOURS',
			message:
				'It is Friday 21:14 in Asia/Kolkata, outside of the Calling Hours until Mon 09:00 (Asia/Kolkata)',
			description: expect.stringContaining('next_allowed_at'),
			status: null,
			source: 'n8n',
			outcome: 'not_placed',
			attempts: 0,
			next_allowed_at: '2026-05-25T09:00:00+05:30',
		})),
	);
	expect(sandbox.seen.requests).toEqual([]);
});

it('the hours let calls through at any other time', async () => {
	vi.setSystemTime(friday(20, 59));
	const run = await runOf(within({}));
	expect(run.success).toHaveLength(2);
});

it('the hours may differ from item to item', async () => {
	vi.setSystemTime(friday(12));
	const items = ['09:00', '13:00'].map((from, n) => ({ phone: phone(n), from }));
	const run = await runOf(within({ from: '={{ $json.from }}' }), { items });
	expect(run.success).toHaveLength(1);
	expect(errorsOf(run)).toMatchObject([{ next_allowed_at: '2026-05-22T13:00:00+05:30' }]);
});

it('the hours stop the run under Stop Workflow, and a retry within them phones the rest', async () => {
	vi.setSystemTime(friday(21, 14));
	const node = within({}, {}, { onError: 'stopWorkflow' });
	const thrown = await runOf(node, { items: leads(3) });
	expect(thrown.error).toMatchObject({
		code: 'OUTSIDE_CALLING_HOURS',
		message:
			'It is Friday 21:14 in Asia/Kolkata, outside of the Calling Hours until Sat 09:00 (Asia/Kolkata) [item 0]. No call was placed.',
		context: { data: { error: { next_allowed_at: '2026-05-23T09:00:00+05:30' } } },
	});
	vi.setSystemTime(friday(33));
	const retried = await runUntilDone(sandbox, thrown.startRetry());
	expect(retried.success).toHaveLength(3);
});

it('the hours end while calls wait for the limit, and nobody is phoned after that', async () => {
	vi.setSystemTime(friday(20, 59));
	const node = within({});
	const items = leads(25);
	const run = await runOf(node, { items, credential: { requestsPerMinute: 10 } });
	expect(run.success).toHaveLength(10);
	expect(errorsOf(run).map(({ code }) => code)).toEqual(Array(15).fill('OUTSIDE_CALLING_HOURS'));
	expect(Object.keys(sandbox.seen.perNumber())).toEqual(
		items.slice(0, 10).map((lead) => lead.phone),
	);
});

it('the hours end while a call waits to be sent again after trouble at Twenty2', async () => {
	vi.setSystemTime(friday(20, 59) + 59_500);
	sandbox.behave(phone(0), '500 always');
	const run = await runOf(within({}), { items: leads(1) });
	expect(errorsOf(run)).toMatchObject([
		{ code: 'OUTSIDE_CALLING_HOURS', outcome: 'not_placed', attempts: 1 },
	]);
	expect(sandbox.seen.requests).toHaveLength(1);
});

it('the hours leave a deduplication key unused', async () => {
	vi.setSystemTime(friday(21, 14));
	const node = within({}, { deduplicationKey: '={{ $json.phone }}' });
	const engine = engineFor(sandbox);
	const what = { items: leads(2), node, settings: { timezone: 'Asia/Kolkata' } };
	expect(errorsOf(await runUntilDone(sandbox, engine.start(what)))).toHaveLength(2);
	vi.setSystemTime(friday(33));
	expect((await runUntilDone(sandbox, engine.start(what))).success).toHaveLength(2);
});

it('the hours do not matter to a call that was placed within them', async () => {
	vi.setSystemTime(friday(20, 59));
	sandbox.behave(phone(1), 'refused');
	const node = within({}, {}, { onError: 'stopWorkflow' });
	const thrown = await runOf(node, { credential: { concurrentCalls: 1 } });
	expect(thrown.error).toMatchObject({ code: 'INVALID_NUMBER' });
	vi.setSystemTime(friday(22));
	const { workflow } = thrown;
	workflow.nodes.forEach((each) => {
		if (each.name === 'Twenty2') each.onError = 'continueErrorOutput';
	});
	const retried = await runUntilDone(sandbox, thrown.startRetry({ workflow }));
	expect(retried.success).toMatchObject([{ pairedItem: { item: 0 } }]);
	expect(errorsOf(retried)).toMatchObject([{ code: 'OUTSIDE_CALLING_HOURS' }]);
});
