import type { IExecuteFunctions } from 'n8n-workflow';

import { Failure } from '../api/failure';
import type { Connection } from '../connection/connect';
import type { QueuedCalls } from '../operations/create/ringingTime';
import type { CheckedItem, Result } from './items';

/** Up to this wait, there is no hint. */
const UNHINTED_WAIT_MS = 5_000;

/** Adds a hint beside the output on how long the limits made this run wait, and why. */
export function hintAtWait(n8n: IExecuteFunctions, connection: Connection): void {
	const message = waitHint(connection);
	if (message !== undefined) n8n.addExecutionHints({ message, location: 'outputPane' });
}

/** Adds a hint that calls of this run ring hours later, with the time in the workflow's timezone. */
export function hintAtQueue(n8n: IExecuteFunctions, { later: { calls, at } }: QueuedCalls): void {
	if (calls === 0) return;
	const timezone = n8n.getTimezone();
	const when = timeIn(timezone, at);
	const ring = calls === 1 ? '1 call of this run rings' : `${calls} calls of this run ring`;
	const there = when === undefined ? '' : `: ${when} in this workflow's timezone (${timezone})`;
	const message = `${ring} only at 9:00 India time, when Twenty2 begins to phone people again${there}.`;
	n8n.addExecutionHints({ message, location: 'outputPane' });
}

/** Adds a hint that dry runs phoned nobody, and how many of their items a real run would call. */
export function hintAtDryRun(
	n8n: IExecuteFunctions,
	items: CheckedItem[],
	results: Result[],
): void {
	const tried = results.filter((_, item) => items[item]?.isDryRun);
	if (tried.length === 0) return;
	const bad = tried.filter((result) => result instanceof Failure).length;
	const good = tried.length - bad;
	const whom = tried.length < items.length ? ` for ${count(tried.length, 'item')}` : '';
	const told = [
		good > 0 && `${count(good, 'item')} ${good === 1 ? 'is' : 'are'} ready to call`,
		bad > 0 && `${count(bad, 'item')} ${bad === 1 ? 'is' : 'are'} not: see what the output says`,
	];
	const message = `Dry run: nobody was phoned${whom}. ${told.filter(Boolean).join(', ')}.`;
	n8n.addExecutionHints({ message, location: 'outputPane' });
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

function waitHint({ access, limits }: Connection): string | undefined {
	const { forLimit, forRefusals } = access.waited;
	if (forLimit + forRefusals <= UNHINTED_WAIT_MS) return undefined;

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
	const total = waits.length > 1 ? `${duration(forLimit + forRefusals)}: ` : '';
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
