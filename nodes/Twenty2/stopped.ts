import { NodeApiError, type INode } from 'n8n-workflow';

import { Failure } from './api/failure';
import type { Result } from './items';
import { errorOf } from './output';

const remembered =
	'Calls already placed are remembered: running this execution again places only the missing ones.';

/**
 * The error that ends a run under Stop Workflow. An Error Trigger workflow reads its code as
 * `$json.execution.error.code`.
 * @param phones whether to tell how many calls were placed
 */
export function stoppedError(
	node: INode,
	{ failure, item }: { failure: Failure; item: number },
	results: Result[],
	phones: boolean,
): NodeApiError {
	const { code, message, description, status } = failure.fields;
	const error = plainError(node, item);
	error.message = sentences(message, phones && progress(results));
	error.description = sentences(description, phones && placedIn(results) > 0 && remembered);
	error.httpCode = status === null ? null : String(status);
	error.context.data = { error: errorOf(failure, phones) };
	return Object.assign(error, { code });
}

/** The error that ends a run when its execution is stopped; n8n knows it by the word "canceled". */
export function canceledError(node: INode, results: Result[], phones: boolean): NodeApiError {
	const error = plainError(node);
	error.message = sentences('The execution was canceled', phones && progress(results));
	error.description = sentences(phones && placedIn(results) > 0 && remembered);
	return error;
}

/** The constructor puts texts of its own where it finds a known code or status, so it gets none. */
function plainError(node: INode, itemIndex?: number): NodeApiError {
	const error = new NodeApiError(node, {}, { itemIndex });
	error.messages = [];
	error.httpCode = null;
	return error;
}

function placedIn(results: Result[]): number {
	return results.filter((result) => result !== undefined && !(result instanceof Failure)).length;
}

function progress(results: Result[]): string {
	const placed = placedIn(results);
	const doubtful = results.filter(
		(result) => result instanceof Failure && result.fields.outcome === 'unknown',
	).length;
	const calls = (count: number) => (count === 1 ? '1 call' : `${count} calls`);
	const were = placed === 1 ? 'was' : 'were';
	const sure = placed > 0 && `${calls(placed)} ${were} already placed`;
	const unsure = doubtful > 0 && `${calls(doubtful)} may have been placed`;
	return [sure, unsure].filter(Boolean).join(', ') || 'No call was placed';
}

function sentences(...parts: Array<string | false | undefined>): string {
	return parts
		.filter((part) => typeof part === 'string')
		.map((part) => part.replace(/\.?$/, '.'))
		.join(' ');
}
