import type { INodeProperties } from 'n8n-workflow';

import { Failure } from '../../api/failure';
import type { Entry, Ledger } from '../../policy/ledger';
import type { FieldReader } from '../fields/parameters';
import { wholeNumber } from '../fields/schemas';

export const maxCalls: INodeProperties = {
	displayName: 'Max Calls per Execution',
	name: 'maxCalls',
	type: 'number',
	typeOptions: { minValue: 1, numberPrecision: 0 },
	default: 100,
	description:
		'How many calls are placed at most, for lists and agents that go astray. Further items say CALL_LIMIT_REACHED.',
};

/** @returns undefined when the option was not added @throws Failure `INVALID_INPUT` */
export function maxCallsOf(parameters: FieldReader): number | undefined {
	return parameters.readAddedOption(maxCalls, wholeNumber(1));
}

/**
 * Waits until the call of an entry cannot exceed the limit of its execution.
 * @param most undefined where there is no limit
 * @returns to be called once it is known whether the call was placed
 * @throws Failure `CALL_LIMIT_REACHED`, or the signal's reason
 */
export async function withinMaxCalls(
	entry: Entry,
	most: number | undefined,
	ledger: Ledger,
	signal: AbortSignal,
): Promise<() => void> {
	if (most === undefined) return () => undefined;
	const end = await ledger.callLimit.admit(entry, most, ledger, signal);
	if (end) return end;
	const message = `This execution has placed as many calls as ${maxCalls.displayName} allows: ${most}`;
	throw Failure.ofNode('CALL_LIMIT_REACHED', message, { outcome: 'not_placed' });
}
