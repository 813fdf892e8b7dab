import {
	NodeOperationError,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { failureOnly } from '../api/failure';
import { logLine } from '../connection/logLine';
import type { CallEvent } from './event';

/** Tells n8n that a delivery was answered and starts nothing. */
const startsNothing: IWebhookResponseData = { noWebhookResponse: true };

/** Tells n8n that a delivery was answered and starts the workflow with one item. */
export const startsWorkflow = (item: INodeExecutionData): IWebhookResponseData => ({
	...startsNothing,
	workflowData: [[item]],
});

type ResponseFunctions = Pick<IWebhookFunctions, 'getMode' | 'getNode' | 'getResponseObject'>;

/** The used part of n8n's response object, of which no package has the types. */
interface Response {
	writeHead(status: number, headers: Record<string, string>): unknown;
	end(body: string): unknown;
}

/** Answers a delivery with a message in JSON. */
export function answer(
	n8n: ResponseFunctions,
	status: number,
	message: string,
	headers: Record<string, string> = {},
): IWebhookResponseData {
	const response: Response = n8n.getResponseObject();
	response.writeHead(status, { 'content-type': 'application/json', ...headers });
	response.end(JSON.stringify({ message }));
	return startsNothing;
}

/**
 * Answers a delivery that starts nothing. In the editor, a test becomes a failed execution, so that the user sees why.
 * @param reason told to the sender and in the editor
 * @param details told in the editor only
 * @throws NodeOperationError in a test
 */
export function turnAway(
	n8n: ResponseFunctions,
	status: number,
	reason: string,
	{ details, headers }: { details?: string; headers?: Record<string, string> } = {},
): IWebhookResponseData {
	if (n8n.getMode() !== 'manual') return answer(n8n, status, reason, headers);
	const said = details === undefined ? reason : `${reason}: ${details}`;
	throw new NodeOperationError(n8n.getNode(), `An event came and was turned away. ${said}`, {
		description: 'It started nothing. Put that right, then click Execute step again',
	});
}

/** Answers that the delivery was not taken up and may be repeated, in ten seconds at the earliest. */
export function answerTryAgain(n8n: ResponseFunctions, reason: string): IWebhookResponseData {
	return turnAway(n8n, 503, reason, { headers: { 'retry-after': '10' } });
}

/** Ends an execution without an item, and says why beside it and in the log. */
export function endsWithout(
	n8n: Pick<IExecuteFunctions, 'addExecutionHints' | 'logger'>,
	{ eventId }: CallEvent,
	because: string,
): INodeExecutionData[] {
	n8n.logger.warn(logLine(`Twenty2 event ${eventId} started nothing: ${because}`));
	try {
		const message = `Twenty2 does not confirm the event ${eventId}: ${because}`;
		n8n.addExecutionHints({ message, location: 'outputPane' });
	} catch {
		// What the log says is enough.
	}
	return [];
}

/**
 * Turns a Failure into n8n's error, whose code an Error Trigger workflow can read. n8n then answers a delivery with
 * status 500.
 * @throws NodeOperationError; any other error than a Failure as it is
 */
export function throwOperationError(node: INode, error: unknown): never {
	if (error instanceof NodeOperationError) throw error;
	const { code, message, description } = failureOnly(error).fields;
	throw Object.assign(new NodeOperationError(node, message, { description }), { code });
}
