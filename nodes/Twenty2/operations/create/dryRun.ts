import type { INodeProperties } from 'n8n-workflow';

import type { NewCall } from '../../api/client';
import type { Failure } from '../../api/failure';
import type { JsonObject } from '../../json';
import type { FieldReader } from '../fields/parameters';
import { isWithin, nextAllowed, type CallingHours } from './callingHours';
import { calleeOf } from './newCall';
import type { PlannedCalls } from './plannedCalls';
import { inIndia, ringsAt } from './ringingTime';

export const dryRun: INodeProperties = {
	displayName: 'Dry Run',
	name: 'dryRun',
	type: 'boolean',
	default: true,
	description:
		'Whether to phone nobody and send nothing. Each item then shows what would become of its call.',
};

/** @throws Failure `INVALID_INPUT` when the option is neither true nor false: nobody is phoned then either */
export function isDryRun(parameters: FieldReader): boolean {
	return parameters.isSwitchedOn(dryRun);
}

/** What decides what becomes of a call. */
export interface Circumstances {
	item: number;
	hours?: CallingHours;
	/** The deduplication key. */
	key?: string;
	/** How many calls the execution may place. */
	mostCalls?: number;
	/** How long the end of the call is waited for, in milliseconds. */
	maxWaitMs?: number;
	/** The calls of earlier items. */
	plannedCalls: PlannedCalls;
}

/**
 * What would become of a call that is placed now. It counts among the planned calls.
 * @param now in milliseconds since 1970
 */
export function preview(
	call: NewCall,
	{ item, hours, key, mostCalls, maxWaitMs = Infinity, plannedCalls }: Circumstances,
	now = Date.now(),
): JsonObject {
	const next = hours && !isWithin(hours, now) ? nextAllowed(hours, now) : undefined;
	// An item that is not called now leaves its key to the next one.
	const sameKey =
		key === undefined || next ? undefined : plannedCalls.note(key, item, call.toNumber);
	const rings = ringsAt(now);
	const later = rings > now ? inIndia(rings) : undefined;
	const refusal = () => {
		if (next) return `OUTSIDE_CALLING_HOURS: until ${next.inWords}`;
		if (sameKey !== undefined) return `DUPLICATE_CALL: has the key of item ${sameKey}`;
		if (!plannedCalls.count(mostCalls)) return `CALL_LIMIT_REACHED: after ${mostCalls} calls`;
		return undefined;
	};
	const refused = refusal();
	const late = rings - now > maxWaitMs ? ', after Max Wait' : '';
	return {
		result: refused ?? (later ? `would ring at 9:00 India time${late}` : 'would ring now'),
		...calleeOf(call.toNumber),
		rings_now: !refused && !later,
		...(!refused && later && { rings_at: later }),
		...(hours && { timezone: hours.timezone, outside_calling_hours: next !== undefined }),
		...(next && { next_allowed_at: next.iso }),
		...(sameKey !== undefined && { same_key_as_item: sameKey }),
		from_number: call.fromNumber,
		assistant_id: call.assistantId,
		input_parameters: call.inputParameters,
		...(Object.keys(call.additionalFields).length > 0 && {
			additional_body_fields: call.additionalFields,
		}),
		dry_run: true,
	};
}

/** The longest reason in the column of results. */
const MAX_REASON = 80;

/** What a dry run shows first of an item that cannot be called. */
export function failedResult({ fields: { code }, brief }: Failure): JsonObject {
	return { result: `${code}: ${brief.slice(0, MAX_REASON)}`, rings_now: false };
}

const items = (count: number) => `${count} ${count === 1 ? 'item' : 'items'}`;

/** The next times of items that are outside of their Calling Hours, in the column of results. */
const untilIn = /^OUTSIDE_CALLING_HOURS: (until .*)$/;

/**
 * Sums a dry run up: who would be phoned now, who later, who not and why.
 * @param shown the items that a real run would take
 * @param failed how many items cannot be called
 */
export function summary(shown: JsonObject[], failed: number): string {
	const results = shown.map(({ result }) => String(result));
	const starting = (start: string) => results.filter((result) => result.startsWith(start)).length;
	const now = starting('would ring now');
	const later = starting('would ring at');
	const outside = starting('OUTSIDE_CALLING_HOURS');
	const limited = starting('CALL_LIMIT_REACHED');
	const until = new Set(results.flatMap((result) => untilIn.exec(result)?.[1] ?? []));
	const [only] = until;
	const when = until.size === 1 ? ` ${only}` : '';
	const keys = new Map<unknown, number>();
	for (const { same_key_as_item: item } of shown) {
		if (item !== undefined) keys.set(item, (keys.get(item) ?? 0) + 1);
	}
	const told = [
		now > 0 && `${items(now)} would be phoned now`,
		later > 0 && `${items(later)} would be phoned at 9:00 India time`,
		outside > 0 && `${items(outside)} would be refused now: outside Calling Hours${when}`,
		...[...keys].map(([item, count]) => {
			return `${items(count)} ${count === 1 ? 'has' : 'have'} the key of item ${String(item)}`;
		}),
		limited > 0 && `${items(limited)} would be beyond Max Calls per Execution`,
		failed > 0 && `${items(failed)} cannot be called: see the column result`,
	];
	return told.filter(Boolean).join('; ');
}
