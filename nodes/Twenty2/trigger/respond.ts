import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

/** What n8n is told when a delivery starts nothing; it was answered already. */
export const nothing: IWebhookResponseData = { noWebhookResponse: true };

/** What is used of n8n's response object, whose own types come with no package. */
interface Response {
	writeHead(status: number, headers: Record<string, string>): unknown;
	end(body: string): unknown;
}

let answeredAt = Number.NEGATIVE_INFINITY;

/** How long ago a delivery was answered last, in milliseconds. */
export const sinceLastAnswer = () => performance.now() - answeredAt;

/**
 * Answers a delivery at once. Twenty2 wants a 200 within 5 seconds, whereas n8n itself would answer
 * after all that the node does for an event, which the limits of a key can make minutes.
 */
export function answer(n8n: IWebhookFunctions, status: number, message: string): typeof nothing {
	const response: Response = n8n.getResponseObject();
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ message }));
	answeredAt = performance.now();
	return nothing;
}
