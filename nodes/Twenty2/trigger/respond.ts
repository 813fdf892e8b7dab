import {
	NodeOperationError,
	type INode,
	type INodeExecutionData,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import pLimit from 'p-limit';

import { failureOnly } from '../api/failure';
import { sleep } from '../policy/abortable';

/** The result of a delivery that was answered and starts nothing. */
export const startsNothing: IWebhookResponseData = { noWebhookResponse: true };

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

let answeredAt = Number.NEGATIVE_INFINITY;

/**
 * Answers a delivery at once. Twenty2 expects a 200 within 5 seconds (Twenty2 documentation,
 * Webhooks). n8n itself answers after the verification, which can take minutes at the key's limit.
 * @param status of HTTP
 * @param message sent as JSON, under `message`
 */
export function answer(
	n8n: IWebhookFunctions,
	status: number,
	message: string,
): IWebhookResponseData {
	const response: Response = n8n.getResponseObject();
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ message }));
	answeredAt = performance.now();
	return startsNothing;
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

/** Deliveries that are less than this apart are a burst. */
const BURST_MS = 50;

/** The event loop lags when a timer fires this much too late. */
const LAG_MS = 50;

/** The timer that measures the lag. */
const SAMPLE_MS = 5;

/** The longest that an event is deferred. */
const LONGEST_DEFERRAL_MS = 10_000;

const oneAtATime = pLimit(1);

/**
 * Backpressure: defers the work for an event while deliveries arrive in a burst or the event loop
 * lags, one event at a time. To verify an event and start an execution takes n8n several times as
 * long as to answer a delivery. Without the deferral, a hundred deliveries in a second would be
 * answered after the 5 seconds that Twenty2 allows.
 */
export async function deferWhileBusy(): Promise<void> {
	const until = performance.now() + LONGEST_DEFERRAL_MS;
	await oneAtATime(async () => {
		while ((await isBusy()) && performance.now() < until);
	});
}

async function isBusy(): Promise<boolean> {
	const due = performance.now() + SAMPLE_MS;
	// A new signal for each sleep: Node 20 never frees the record of a signal that was derived.
	await sleep(SAMPLE_MS, new AbortController().signal);
	const now = performance.now();
	return now - due > LAG_MS || now - answeredAt < BURST_MS;
}
