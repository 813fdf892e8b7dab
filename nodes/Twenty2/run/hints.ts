import type { IExecuteFunctions } from 'n8n-workflow';

import { Failure } from '../api/failure';
import { deduplicationKey } from '../operations/create/atMostOnce';
import type { PlannedCalls } from '../operations/create/plannedCalls';
import { summary } from '../operations/create/dryRun';
import { ringLater } from '../operations/create/ringingTime';
import type { Ledger } from '../policy/ledger';
import type { MissingLinks } from '../operations/missingLinks';
import type { Waited } from '../policy/waitTally';
import type { CheckedItem, Result } from './items';

/** A wait up to this has no hint. */
const UNHINTED_WAIT_MS = 5_000;

const totalOf = ({ forLimit, forRefusals }: Waited) => forLimit + forRefusals;

/** What a run has come to. */
export interface RunSoFar {
	items: CheckedItem[];
	results: Result[];
	plannedCalls: PlannedCalls;
	missingLinks: MissingLinks;
	ledger: Pick<Ledger, 'callIds' | 'placedAt'>;
}

type HintFunctions = Pick<IExecuteFunctions, 'addExecutionHints' | 'getMode' | 'getTimezone'>;

/** Adds what the user should know of a run as hints beside its output. */
export function addHints(n8n: HintFunctions, run: RunSoFar): void {
	const messages = [
		dryRunHint(run),
		manualHint(n8n, run),
		emptyHint(run),
		leftOutHint(run),
		filesHint(run),
		waitHint(run),
		queueHint(n8n, run),
	];
	for (const message of messages) {
		if (message !== undefined) n8n.addExecutionHints({ message, location: 'outputPane' });
	}
}

/** Tells somebody who is building a workflow that real people were phoned. */
function manualHint(n8n: HintFunctions, { ledger }: RunSoFar): string | undefined {
	const { callIds, placedAt } = ledger;
	if (n8n.getMode() !== 'manual' || callIds.length === 0) return undefined;
	const phoned = callIds.length - ringLater(placedAt).calls;
	const people = phoned === 1 ? '1 person was' : `${phoned} people were`;
	const calls = callIds.length === 1 ? '1 call was' : `${callIds.length} calls were`;
	const what = phoned > 0 ? `${people} phoned just now` : `${calls} placed just now`;
	return `${what}. Pin this data to build on it: executing the step again phones again.`;
}

/** Tells that calls of this run ring hours later. */
function queueHint(n8n: HintFunctions, { ledger }: RunSoFar): string | undefined {
	const { calls, at } = ringLater(ledger.placedAt);
	if (calls === 0) return undefined;
	const timezone = n8n.getTimezone();
	const when = timeIn(timezone, at);
	const ring = calls === 1 ? '1 call of this run rings' : `${calls} calls of this run ring`;
	const there = when === undefined ? '' : `: ${when} in this workflow's timezone (${timezone})`;
	return `${ring} only at 9:00 India time, when Twenty2 begins to phone people again${there}.`;
}

/** Tells that dry runs phoned nobody, and what would become of their items. */
function dryRunHint({ items, results, plannedCalls }: RunSoFar): string | undefined {
	const tried = [...results.keys()].filter((item) => items[item]?.isDryRun && results[item]);
	if (tried.length === 0) return undefined;
	const planned = tried.flatMap((item) => {
		const prospect = plannedCalls.prospects.get(item);
		return prospect && Array.isArray(results[item]) ? [prospect] : [];
	});
	const failed = tried.filter((item) => results[item] instanceof Failure).length;
	const whom = tried.length < items.length ? ` for ${count(tried.length, 'item')}` : '';
	return `Dry run: nobody was phoned${whom}. ${summary(planned, failed)}.`;
}

/** @returns undefined for an unknown timezone, which n8n lets a workflow have */
function timeIn(timeZone: string, at: number): string | undefined {
	try {
		return new Intl.DateTimeFormat('en-GB', {
			timeZone,
			weekday: 'long',
			day: 'numeric',
			month: 'long',
			hour: '2-digit',
			minute: '2-digit',
		}).format(at);
	} catch {
		return undefined;
	}
}

/** Tells that answered calls have no link to a file that was wanted. */
function filesHint({ missingLinks }: RunSoFar): string | undefined {
	const missing = (['recording', 'transcript'] as const).flatMap((kind) => {
		const calls = missingLinks.count(kind);
		return calls > 0 ? [`the ${kind} of ${count(calls, 'call')}`] : [];
	});
	if (missing.length === 0) return undefined;
	return `Twenty2 gave no link to ${missing.join(' and to ')}. Look up such a call later with Get Call, and if there is still none, ask Twenty2 whether your calls are recorded.`;
}

/** Tells that a list of calls is empty, which looks like a step without a result. */
function emptyHint({ results }: RunSoFar): string | undefined {
	const isEmpty =
		results.length > 0 && results.every((each) => Array.isArray(each) && each.length === 0);
	if (!isEmpty) return undefined;
	return 'Twenty2 listed no calls. The workspace has none yet, or none that fits Query Parameters.';
}

/** Tells how many people were not phoned because of a key that is not theirs alone. */
function leftOutHint({ items, results, plannedCalls }: RunSoFar): string | undefined {
	const real = (item: number) => (items[item]?.isDryRun ? undefined : results[item]);
	const leftOut = plannedCalls.leftOut({
		isPlaced(item) {
			const result = real(item);
			return result instanceof Failure ? result.fields.outcome === 'placed' : result !== undefined;
		},
		isDuplicate(item) {
			const result = real(item);
			return result instanceof Failure && result.fields.code === 'DUPLICATE_CALL';
		},
	});
	if (leftOut === 0) return undefined;
	const people = leftOut === 1 ? '1 person was' : `${leftOut} people were`;
	return `${people} not phoned, because an item of this run with another number had the same key. Is a field in ${deduplicationKey.displayName} empty?`;
}

/** Tells how long the limits made this run wait, and why. Of several keys, the one that waited longest counts. */
function waitHint({ items }: RunSoFar): string | undefined {
	// A dry run sends nothing, and its connection may open no access.
	const real = items.filter(({ isDryRun }) => !isDryRun).map(({ connection }) => connection);
	const [longest] = [...new Set(real)]
		.flatMap((each) =>
			each instanceof Failure ? [] : [{ ...each.access.waited, limits: each.limits }],
		)
		.sort((one, other) => totalOf(other) - totalOf(one));
	if (longest === undefined || totalOf(longest) <= UNHINTED_WAIT_MS) return undefined;
	const { forLimit, forRefusals, limits } = longest;

	const waits = [
		{
			ms: forLimit,
			why: `for the limit of ${limits.requestsPerMinute} requests a minute that its Twenty2 credential sets`,
		},
		{
			ms: forRefusals,
			why: 'because Twenty2 said that there were too many requests, as it does while something else uses the same key or as many calls as it allows are still going',
		},
	].filter(({ ms }) => ms >= 1_000);
	const total = waits.length > 1 ? `${duration(totalOf(longest))}: ` : '';
	const parts = waits.map(({ ms, why }) => `${duration(ms)} ${why}`);
	return `This run waited ${total}${parts.join(', and ')}.`;
}

function duration(ms: number): string {
	const seconds = Math.round(ms / 1_000);
	const minutes = Math.floor(seconds / 60);
	const rest = seconds % 60;
	const parts = [minutes > 0 && count(minutes, 'minute'), rest > 0 && count(rest, 'second')];
	return parts.filter(Boolean).join(' ');
}

const count = (number: number, unit: string) => `${number} ${unit}${number === 1 ? '' : 's'}`;
