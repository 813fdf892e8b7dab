import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure } from '../api/failure';
import { isJsonObject } from '../json';
import type { Result } from './items';

const json = z.custom<IDataObject>(isJsonObject);

/**
 * The items that the node returns. A failed one has `error` as its only key and no `error` beside
 * `json`: that is how n8n sends it to the error output with its code and the input's own fields.
 */
export function outputs(results: Result[], phones: boolean): INodeExecutionData[] {
	return results.flatMap((result = [], item) => {
		const pairedItem = { item };
		if (result instanceof Failure)
			return [{ json: { error: errorOf(result, phones) }, pairedItem }];
		return result.map((output) => ({ ...output, json: json.parse(output.json), pairedItem }));
	});
}

/** What a failed item carries. @param phones whether it tells if a phone rang */
export function errorOf({ fields }: Failure, phones: boolean): IDataObject {
	const { code, message, description, status, source, outcome, ...more } = fields;
	const rang = phones ? (outcome ?? 'not_placed') : undefined;
	const all = { code, message, description, status, source, outcome: rang, ...more };
	const told = Object.entries(all).filter(([, value]) => value !== undefined);
	return json.parse(Object.fromEntries(told));
}
