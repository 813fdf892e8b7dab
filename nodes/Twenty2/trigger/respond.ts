import {
	NodeOperationError,
	type INode,
	type INodeExecutionData,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { failureOnly } from '../api/failure';

/** The result of a delivery that was answered and starts nothing. */
const startsNothing: IWebhookResponseData = { noWebhookResponse: true };

/** The result of a delivery that was answered and starts the workflow with one item. */
export const startsWorkflow = (item: INodeExecutionData): IWebhookResponseData => ({
	...startsNothing,
	workflowData: [[item]],
});

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
	n8n: IWebhookFunctions,
	status: number,
	message: string,
	headers: Record<string, string> = {},
): IWebhookResponseData {
	const response: Response = n8n.getResponseObject();
	response.writeHead(status, { 'content-type': 'application/json', ...headers });
	response.end(JSON.stringify({ message }));
	return startsNothing;
}

/** How long a sender should wait before it repeats a delivery, in seconds. */
const RETRY_AFTER_SECONDS = 10;

/** Answers that the delivery was not taken up and may be repeated. Nothing is remembered of it. */
export function answerTryAgain(n8n: IWebhookFunctions, message: string): IWebhookResponseData {
	return answer(n8n, 503, message, { 'retry-after': String(RETRY_AFTER_SECONDS) });
}

/**
 * Turns a Failure into n8n's error. n8n answers the delivery with status 500, so the sender knows
 * that it was not processed, and shows the message as a failed execution of the workflow.
 * @throws NodeOperationError for a Failure; any other error as it is
 */
export function throwOperationError(node: INode, error: unknown): never {
	const { message, description } = failureOnly(error).fields;
	throw new NodeOperationError(node, message, { description });
}
