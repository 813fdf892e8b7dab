import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure, type FailureFields } from '../api/failure';
import { isJsonObject, type JsonObject } from '../json';
import { failedResult } from '../operations/create/dryRun';
import type { Result } from './items';
import { isTool } from './tool';

const json = z.custom<IDataObject>(isJsonObject);

/** How the items of a run come out. */
export interface OutputOptions {
	/** Whether the operation makes phones ring. */
	dials: boolean;
	/** Whether a model reads the items. It gets a failure as one sentence. */
	forModel: boolean;
	/** Whether failed items go to an output of their own, where n8n adds the fields of the input items. */
	toErrorOutput: boolean;
	/** The input items. */
	input: INodeExecutionData[];
}

/** How n8n wants the items of its run. */
export function outputOptions(n8n: IExecuteFunctions, dials: boolean): OutputOptions {
	const node = n8n.getNode();
	const toErrorOutput = node.onError === 'continueErrorOutput';
	return { dials, forModel: isTool(node), toErrorOutput, input: n8n.getInputData() };
}

/**
 * The items that the node returns. A failed one for the error output has `error` as its only key and no `error`
 * beside `json`: so n8n sends it there with its code. Otherwise it has the fields of its input item too.
 */
export function outputs(results: Result[], options: OutputOptions): INodeExecutionData[] {
	const { dials, forModel, toErrorOutput, input } = options;
	const failedJson = (failure: Failure, item: number): JsonObject => {
		if (forModel) return { error: sentenceForModel(failure.fields, dials) };
		if (toErrorOutput) return { error: errorOf(failure, dials) };
		const { dry_run: isDryRun, call } = failure.fields;
		if (!isDryRun) return { ...input[item]?.json, error: errorOf(failure, dials) };
		// The fields of the call are beside the error, and would only make the row of a table taller in it.
		const error = errorOf(failure.with({ call: undefined }), dials);
		return { result: '', ...call, ...failedResult(failure), dry_run: true, error };
	};
	return results.flatMap((result = [], item) => {
		const pairedItem = { item };
		if (result instanceof Failure) {
			return [{ json: json.parse(failedJson(result, item)), pairedItem }];
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
