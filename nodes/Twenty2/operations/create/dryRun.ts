import type { INodeProperties } from 'n8n-workflow';

import type { NewCall } from '../../api/client';
import type { Failure } from '../../api/failure';
import type { JsonObject } from '../../json';
import type { FieldReader } from '../fields/parameters';
import { isWithin, nextAllowed, type CallingHours } from './callingHours';
import { calleeOf } from './newCall';
import type { PlannedCalls, Prospect } from './plannedCalls';
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
 * What would become of a call that is placed now. It is noted among the planned calls.
 * @param now in milliseconds since 1970
 */
export function preview(call: NewCall, circumstances: Circumstances, now = Date.now()): JsonObject {
	const { item, hours, plannedCalls } = circumstances;
	const prospect = prospectOf(call, circumstances, now);
	plannedCalls.plan(item, prospect);
	return {
		result: prospect.result,
		...calleeOf(call.toNumber),
		rings_now: prospect.is === 'rings now',
		...(prospect.is === 'rings later' && { rings_at: prospect.at }),
		...(hours && {
			timezone: hours.timezone,
			outside_calling_hours: prospect.is === 'outside hours',
		}),
		...(prospect.is === 'outside hours' && { next_allowed_at: prospect.next.iso }),
		...(prospect.is === 'same key' && { same_key_as_item: prospect.item }),
		from_number: call.fromNumber,
		assistant_id: call.assistantId,
		input_parameters: call.inputParameters,
		...(Object.keys(call.additionalFields).length > 0 && {
			additional_body_fields: call.additionalFields,
		}),
		dry_run: true,
	};
}

function prospectOf(
	call: NewCall,
	{ item, hours, key, mostCalls, maxWaitMs = Infinity, plannedCalls }: Circumstances,
	now: number,
): Prospect {
	// An item that is not called now leaves its key to the next one.
	if (hours && !isWithin(hours, now)) {
		const next = nextAllowed(hours, now);
		return { is: 'outside hours', result: `OUTSIDE_CALLING_HOURS: until ${next.inWords}`, next };
	}
	const first = key === undefined ? undefined : plannedCalls.note(key, item, call.toNumber);
	if (first !== undefined) {
		return { is: 'same key', result: `DUPLICATE_CALL: has the key of item ${first}`, item: first };
	}
	if (!plannedCalls.hasRoom(mostCalls)) {
		return { is: 'beyond limit', result: `CALL_LIMIT_REACHED: after ${mostCalls} calls` };
	}
	const rings = ringsAt(now);
	if (rings <= now) return { is: 'rings now', result: 'would ring now' };
	const late = rings - now > maxWaitMs ? ', after Max Wait' : '';
	const result = `would ring at 9:00 India time${late}`;
	return { is: 'rings later', result, at: inIndia(rings) };
}

/** The longest reason in the column of results. */
const MAX_REASON = 80;

/** What a dry run shows first of an item that cannot be called. */
export function failedResult({ fields: { code }, brief }: Failure): JsonObject {
	return { result: `${code}: ${brief.slice(0, MAX_REASON)}`, rings_now: false };
}

/**
 * Sums a dry run up: who would be phoned now, who later, who not and why.
 * @param planned of the items that a real run would take
 * @param failed how many items cannot be called
 */
export function summary(planned: Prospect[], failed: number): string {
	const of = (is: Prospect['is']) => planned.filter((each) => each.is === is).length;
	const told = (number: number, what: string) => number > 0 && `${items(number)} ${what}`;
	const times = planned.flatMap((each) => (each.is === 'outside hours' ? [each.next.inWords] : []));
	const [until] = times;
	const when = times.every((time) => time === until) ? ` until ${until}` : '';
	const sameKey = new Map<number, number>();
	for (const each of planned) {
		if (each.is === 'same key') sameKey.set(each.item, (sameKey.get(each.item) ?? 0) + 1);
	}
	return [
		told(of('rings now'), 'would be phoned now'),
		told(of('rings later'), 'would be phoned at 9:00 India time'),
		told(times.length, `would be refused now: outside Calling Hours${when}`),
		...[...sameKey].map(([item, number]) =>
			told(number, `${number === 1 ? 'has' : 'have'} the key of item ${item}`),
		),
		told(of('beyond limit'), 'would be beyond Max Calls per Execution'),
		told(failed, 'cannot be called: see the column result'),
	]
		.filter(Boolean)
		.join('; ');
}

const items = (number: number) => `${number} ${number === 1 ? 'item' : 'items'}`;
