import type { NodeExecutionHint, WorkflowExecuteMode } from 'n8n-workflow';
import { describe, expect, it, vi } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
import { KeysOfRun } from '../../../nodes/Twenty2/operations/create/keysOfRun';
import { QueuedCalls } from '../../../nodes/Twenty2/operations/create/ringingTime';
import { addHints, type RunSoFar } from '../../../nodes/Twenty2/run/hints';
import type { CheckedItem } from '../../../nodes/Twenty2/run/items';

const failure = Failure.ofNode('INVALID_NUMBER', 'Not a number');
const limits = { requestsPerMinute: 60, concurrentCalls: 3 };

/** A connection of a run that waited so long, in milliseconds. */
const waited = (forLimit: number, forRefusals: number) => ({
	access: { waited: { forLimit, forRefusals } },
	limits,
});

const item = (isDryRun: boolean, connection: CheckedItem['connection'] = waited(0, 0)) => ({
	task: async () => [],
	isDryRun,
	connection,
});
const items = (...dry: boolean[]) => dry.map((isDryRun) => item(isDryRun));

const within = { json: { outside_calling_hours: false } };
const outside = { json: { outside_calling_hours: true } };

const hintsOf = (
	run: Partial<RunSoFar>,
	{
		mode = 'webhook',
		timezone = 'Europe/Berlin',
	}: { mode?: WorkflowExecuteMode; timezone?: string } = {},
) => {
	const hints: NodeExecutionHint[] = [];
	addHints(
		{
			addExecutionHints: (...added) => void hints.push(...added),
			getMode: () => mode,
			getTimezone: () => timezone,
		},
		{
			items: items(false),
			results: [],
			queued: new QueuedCalls(),
			keysOfRun: new KeysOfRun(),
			callIds: [],
			...run,
		},
	);
	return hints.map(({ message }) => message);
};

describe('The hints beside the output', () => {
	it('are none for a run that need not be explained', () => {
		expect(hintsOf({ callIds: ['call_1'] })).toEqual([]);
		expect(hintsOf({}, { mode: 'manual' })).toEqual([]);
		expect(hintsOf({ items: [item(false, waited(3_000, 2_000))] })).toEqual([]);
		expect(hintsOf({ items: [item(false, failure)] })).toEqual([]);
	});

	it.each([
		[['call_1'], '1 person was phoned just now.'],
		[['call_1', 'call_2'], '2 people were phoned just now.'],
	])('tell who builds a workflow that people were phoned: %j', (callIds, said) => {
		const [hint] = hintsOf({ callIds }, { mode: 'manual' });
		expect(hint).toContain(said);
	});

	it('say when calls ring that Twenty2 queues for the night, in the timezone of the workflow', () => {
		const evening = Date.parse('2026-05-22T22:00:00+05:30');
		vi.useFakeTimers({ now: evening, toFake: ['Date'] });
		const queued = new QueuedCalls();
		queued.placed(evening);
		const run = { queued, callIds: ['call_1'] };
		expect(hintsOf(run)[0]).toContain('1 call of this run rings only at 9:00 India time');
		expect(hintsOf(run)[0]).toContain('05:30 in this workflow');
		expect(hintsOf(run, { timezone: 'Mars/Base' })[0]).not.toContain('Mars');
		expect(hintsOf(run, { mode: 'manual' })[0]).toContain('1 call was placed just now');
		vi.useRealTimers();
	});

	it.each([
		[[[], []], items(true, true), 'nobody was phoned. 2 items are ready to call.'],
		[[[], failure], items(true, true), '1 item is ready to call, 1 item is not: see'],
		[[[], []], items(true, false), 'nobody was phoned for 1 item. 1 item is ready'],
		[[[within], [outside]], items(true, true), '1 item is ready to call, 1 item is not: see'],
		[[[outside], failure], items(true, true), 'nobody was phoned. 2 items are not: see'],
	])('tell what a dry run has found (%#)', (results, checked, said) => {
		const [hint] = hintsOf({ results, items: checked });
		expect(hint).toContain(said);
	});

	it.each([
		[6_000, 0, 'waited 6 seconds for the limit of 60 requests a minute'],
		[0, 60_000, 'waited 1 minute because Twenty2 said'],
		[61_000, 62_000, 'waited 2 minutes 3 seconds: 1 minute 1 second for the limit'],
		[6_000, 900, 'waited 6 seconds for'],
	])('tell how long the limits made a run wait: %i and %i ms', (forLimit, forRefusals, said) => {
		const [hint] = hintsOf({ items: [item(false, waited(forLimit, forRefusals))] });
		expect(hint).toContain(said);
	});

	it('tell of the key that waited longest where the items have several', () => {
		const keys = [waited(6_000, 0), waited(0, 20_000), waited(8_000, 0)];
		const given = keys.flatMap((key) => [item(false, key), item(false, key)]);
		expect(hintsOf({ items: [...given, item(true, waited(90_000, 0))] })).toEqual([
			expect.stringContaining('waited 20 seconds because'),
		]);
	});
});
