import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure, type FailureFields } from '../api/failure';
import { isJsonObject } from '../json';
import type { Result } from './items';
const json = z.custom<IDataObject>(isJsonObject);

/**
 * The items that the node returns. A failed item has `error` as its only key and no `error` beside
 * `json`. So n8n sends it to the error output with its code, and adds the input's own fields.
 * @param dials whether the operation makes phones ring
 * @param forModel whether a model reads them, which gets a failure as one sentence
 */
export function outputs(
	results: Result[],
	{ dials, forModel }: { dials: boolean; forModel: boolean },
): INodeExecutionData[] {
	return results.flatMap((result = [], item) => {
		const pairedItem = { item };
		if (result instanceof Failure) {
			const error = forModel ? sentenceForModel(result.fields, dials) : errorOf(result, dials);
			return [{ json: { error }, pairedItem }];
		}
		return result.map((output) => ({ ...output, json: json.parse(output.json), pairedItem }));
	});
}

/** What a failed item carries. @param dials whether it says if a phone rang */
export function errorOf({ fields }: Failure, dials: boolean): IDataObject {
	const { code, message, description, status, source, outcome, ...more } = fields;
	const told = dials ? (outcome ?? 'not_placed') : undefined;
	const all = { code, message, description, status, source, outcome: told, ...more };
	const present = Object.entries(all).filter(([, value]) => value !== undefined);
	return json.parse(Object.fromEntries(present));
}

/** A failure in one sentence for the model of an AI agent, which sees no other field of an error. */
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
