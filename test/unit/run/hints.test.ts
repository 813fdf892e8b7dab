import type { NodeExecutionHint, WorkflowExecuteMode } from 'n8n-workflow';
import { expect, it, vi } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
import { PlannedCalls } from '../../../nodes/Twenty2/operations/create/plannedCalls';
import { MissingLinks } from '../../../nodes/Twenty2/operations/missingLinks';
import { addHints, type RunSoFar } from '../../../nodes/Twenty2/run/hints';
import type { CheckedItem } from '../../../nodes/Twenty2/run/items';

const failure = Failure.ofNode('INVALID_NUMBER', 'Not a number');
const limits = { requestsPerMinute: 60, concurrentCalls: 3 };

/** A connection of a run that waited, in milliseconds. */
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

const now = { json: { result: 'would ring now' } };

const ledgerOf = (callIds: string[] = [], placedAt: number[] = []) => ({ callIds, placedAt });

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
			plannedCalls: new PlannedCalls(),
			missingLinks: new MissingLinks(),
			ledger: ledgerOf(),
			...run,
		},
	);
	return hints.map(({ message }) => message);
};

it('there are no hints for a run that need not be explained', () => {
	expect(hintsOf({ ledger: ledgerOf(['call_1']) })).toEqual([]);
	expect(hintsOf({}, { mode: 'manual' })).toEqual([]);
	expect(hintsOf({ items: [item(false, waited(3_000, 2_000))] })).toEqual([]);
	expect(hintsOf({ items: [item(false, failure)] })).toEqual([]);
});

it.each([
	[1, 0, 'the recording of 1 call'],
	[2, 0, 'the recording of 2 calls'],
	[0, 1, 'the transcript of 1 call'],
	[2, 3, 'the recording of 2 calls and to the transcript of 3 calls'],
])(
	'the hints tell of files to which Twenty2 gave no link: %i and %i',
	(recordings, transcripts, files) => {
		const missingLinks = new MissingLinks();
		for (let n = 0; n < recordings; n++) missingLinks.missed('recording', false);
		for (let n = 0; n < transcripts; n++) missingLinks.missed('transcript', false);
		expect(hintsOf({ missingLinks })).toEqual([
			`Twenty2 gave no link to ${files}. Look up such a call later with Get Call, and if there is still none, ask Twenty2 whether your calls are recorded.`,
		]);
	},
);

it.each([
	[['call_1'], '1 person was phoned just now.'],
	[['call_1', 'call_2'], '2 people were phoned just now.'],
])('a hint tells somebody who builds a workflow that people were phoned: %j', (callIds, said) => {
	const [hint] = hintsOf({ ledger: ledgerOf(callIds) }, { mode: 'manual' });
	expect(hint).toContain(said);
});

it('the hints say when calls ring that Twenty2 queues for the night, in the timezone of the workflow', () => {
	const evening = Date.parse('2026-05-22T22:00:00+05:30');
	vi.useFakeTimers({ now: evening, toFake: ['Date'] });
	const run = { ledger: ledgerOf(['call_1'], [evening]) };
	expect(hintsOf(run)[0]).toContain('1 call of this run rings only at 9:00 India time');
	expect(hintsOf(run)[0]).toContain('05:30 in this workflow');
	expect(hintsOf(run, { timezone: 'Mars/Base' })[0]).not.toContain('Mars');
	expect(hintsOf(run, { mode: 'manual' })[0]).toContain('1 call was placed just now');
	vi.useRealTimers();
});

it.each([
	[[[now], [now]], items(true, true), 'nobody was phoned. 2 items would be phoned now.'],
	[[[now], failure], items(true, true), '1 item would be phoned now; 1 item cannot be called'],
	[[[now], []], items(true, false), 'nobody was phoned for 1 item. 1 item would be'],
	[[failure, failure], items(true, true), 'nobody was phoned. 2 items cannot be called: see'],
])('the hints tell what a dry run has found (%#)', (results, checked, said) => {
	const plannedCalls = new PlannedCalls();
	for (const item of results.keys()) plannedCalls.plan(item, { is: 'rings now', result: '' });
	const [hint] = hintsOf({ results, items: checked, plannedCalls });
	expect(hint).toContain(said);
});

it('the hints tell that a workspace has no calls where its list is empty', () => {
	expect(hintsOf({ items: items(false), results: [[]] })).toEqual([
		'Twenty2 listed no calls. The workspace has none yet, or none that fits Query Parameters.',
	]);
});

it.each([
	[6_000, 0, 'waited 6 seconds for the limit of 60 requests a minute'],
	[0, 60_000, 'waited 1 minute because Twenty2 said'],
	[61_000, 62_000, 'waited 2 minutes 3 seconds: 1 minute 1 second for the limit'],
	[6_000, 900, 'waited 6 seconds for'],
])(
	'the hints tell how long the limits made a run wait: %i and %i ms',
	(forLimit, forRefusals, said) => {
		const [hint] = hintsOf({ items: [item(false, waited(forLimit, forRefusals))] });
		expect(hint).toContain(said);
	},
);

it('the hints tell of the key that waited longest where the items have several', () => {
	const keys = [waited(6_000, 0), waited(0, 20_000), waited(8_000, 0)];
	const given = keys.flatMap((key) => [item(false, key), item(false, key)]);
	expect(hintsOf({ items: [...given, item(true, waited(90_000, 0))] })).toEqual([
		expect.stringContaining('waited 20 seconds because'),
	]);
});
