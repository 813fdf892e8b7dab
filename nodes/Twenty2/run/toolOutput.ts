import type { FailureFields } from '../api/failure';

/**
 * A failure for the model of an AI agent that uses the node as its tool: what happened, in one sentence that
 * begins with the code, and whether a phone rang. A model sees no other field of an error.
 * @param dials whether the operation makes phones ring
 */
export function sentenceForModel(fields: FailureFields, dials: boolean): string {
	const { code, message } = fields;
	const said = dials ? [message, outcomeIn(fields)] : [message];
	return `${code}: ${said.join('; ')}.`;
}

function outcomeIn({ outcome = 'not_placed', call_id: callId }: FailureFields): string {
	if (outcome === 'not_placed') return 'no call was placed';
	if (outcome === 'unknown') return '1 call may have been placed';
	return callId === undefined ? '1 call was placed' : `1 call was placed, its call_id is ${callId}`;
}
