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

/** The result of a delivery that was answered and starts nothing. */
const startsNothing: IWebhookResponseData = { noWebhookResponse: true };

/** The result of a delivery that was answered and starts the workflow with one item. */
export const startsWorkflow = (item: INodeExecutionData): IWebhookResponseData => ({
	...startsNothing,
	workflowData: [[item]],
});

/** The used part of n8n's functions. */
type ResponseFunctions = Pick<IWebhookFunctions, 'getMode' | 'getNode' | 'getResponseObject'>;

/** The used part of n8n's response object. No package has its types. */
interface Response {
	writeHead(status: number, headers: Record<string, string>): unknown;
	end(body: string): unknown;
}

/**
 * Answers a delivery.
 * @param status of HTTP
 * @param message sent as JSON, under `message`
 * @param headers beside the type of the content
 */
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
 * Answers a delivery that starts nothing. Somebody who listens for a test event in the editor would see
 * nothing of that, so a test becomes a failed execution, which n8n answers with status 500.
 * @param reason told to the sender, and in the editor
 * @param details told in the editor only, which knows who asks
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
		description: 'It started nothing. Put that right, then listen for a test event again',
	});
}

/** How long a sender should wait before it repeats a delivery, in seconds. */
const RETRY_AFTER_SECONDS = 10;

/** Answers that the delivery was not taken up and may be repeated. Nothing is remembered of it. */
export function answerTryAgain(n8n: ResponseFunctions, reason: string): IWebhookResponseData {
	return turnAway(n8n, 503, reason, { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } });
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
 * Turns a Failure into n8n's error. A delivery is then answered with status 500, so the sender knows
 * that it was not taken up. Both a delivery and an execution show as a failed execution of the workflow,
 * of which an Error Trigger workflow reads the code.
 * @throws NodeOperationError; any other error than a Failure as it is
 */
export function throwOperationError(node: INode, error: unknown): never {
	if (error instanceof NodeOperationError) throw error;
	const { code, message, description } = failureOnly(error).fields;
	throw Object.assign(new NodeOperationError(node, message, { description }), { code });
}
