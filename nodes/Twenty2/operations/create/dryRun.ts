import type { INodeProperties } from 'n8n-workflow';

import type { NewCall } from '../../api/client';
import type { JsonObject } from '../../json';
import type { FieldReader } from '../fields/parameters';
import { isWithin, nextAllowedAt, type CallingHours } from './callingHours';
import { inIndia, ringsAt } from './ringingTime';

export const dryRun: INodeProperties = {
	displayName: 'Dry Run',
	name: 'dryRun',
	type: 'boolean',
	default: true,
	description:
		'Whether to phone nobody and send nothing. Each item then shows what Twenty2 would be sent, or what is wrong with it.',
};

/** @throws Failure `INVALID_INPUT` when the option is neither true nor false: nobody is phoned then either */
export function isDryRun(parameters: FieldReader): boolean {
	return parameters.isSwitchedOn(dryRun);
}

/**
 * What would become of a call that is placed now.
 * @param now in milliseconds since 1970
 */
export function preview(
	call: NewCall,
	hours: CallingHours | undefined,
	now = Date.now(),
): JsonObject {
	const refused = hours !== undefined && !isWithin(hours, now);
	const rings = ringsAt(now);
	const isQueued = !refused && rings > now;
	return {
		dry_run: true,
		to_number: call.toNumber,
		from_number: call.fromNumber,
		assistant_id: call.assistantId,
		input_parameters: call.inputParameters,
		...(Object.keys(call.additionalFields).length > 0 && {
			additional_body_fields: call.additionalFields,
		}),
		rings_now: !refused && !isQueued,
		...(isQueued && { rings_at: inIndia(rings) }),
		...(hours && { timezone: hours.timezone, outside_calling_hours: refused }),
		...(refused && { next_allowed_at: nextAllowedAt(hours, now) }),
	};
}
