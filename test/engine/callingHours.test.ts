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
			message: 'It is Friday 21:14 in Asia/Kolkata, outside of the Calling Hours',
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

it.each([
	['the workflow', { zone: 'workflow' }, 'Europe/Berlin', '2026-05-22T09:00:00+02:00'],
	['the number', { zone: 'number' }, 'Europe/Berlin', '2026-05-22T09:00:00+05:30'],
	[
		'a fixed place',
		{ zone: 'fixed', timezone: 'Asia/Tokyo' },
		'Europe/Berlin',
		'2026-05-22T09:00:00+09:00',
	],
])('the hours go by the clock of %s', async (_, hours, timezone, next) => {
	vi.setSystemTime(Date.UTC(2026, 4, 21, 23, 0));
	const [error] = errorsOf(await runOf(within({ ...hours, to: '21:00' }), { timezone }));
	expect(error).toMatchObject({ code: 'OUTSIDE_CALLING_HOURS', next_allowed_at: next });
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
			'It is Friday 21:14 in Asia/Kolkata, outside of the Calling Hours [item 0]. No call was placed.',
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

it('the hours end while a call waits because Twenty2 says that there are too many requests', async () => {
	vi.setSystemTime(friday(20, 59) + 58_000);
	const busy = { kind: 'refuse', status: 429, message: 'Too many', times: 1 } as const;
	sandbox.behave(phone(0), { ...busy, code: 'RATE_LIMIT_EXCEEDED', retryAfterSeconds: 5 });
	const run = await runOf(within({}), { items: leads(1) });
	expect(errorsOf(run)).toMatchObject([
		{ code: 'OUTSIDE_CALLING_HOURS', outcome: 'not_placed', attempts: 1 },
	]);
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

it('the hours are taken as a table gives them', async () => {
	vi.setSystemTime(friday(12));
	const times = ['9', '09:00:00', '9:00 AM', '13:00:00'];
	const items = times.map((from, n) => ({ phone: phone(n), from }));
	const run = await runOf(within({ from: '={{ $json.from }}', to: '9 pm' }), { items });
	expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1, [phone(2)]: 1 });
	expect(errorsOf(run)).toMatchObject([{ next_allowed_at: '2026-05-22T13:00:00+05:30' }]);
});

it('hours that cannot be read are shown, and nobody is phoned', async () => {
	const run = await runOf(within({ from: 'nine' }), { items: leads(1) });
	expect(errorsOf(run)).toMatchObject([
		{
			code: 'INVALID_INPUT',
			message: 'Calling Hours needs a time like 09:00 under From, not “nine”',
		},
	]);
	expect(sandbox.seen.requests).toEqual([]);
});

it('the hours are refused when they cannot be judged', async () => {
	const run = await runOf(within({ zone: 'number' }), { items: [{ phone: '+12015550123' }] });
	expect(errorsOf(run)).toMatchObject([{ code: 'INVALID_INPUT', outcome: 'not_placed' }]);
	expect(sandbox.seen.requests).toEqual([]);
});
