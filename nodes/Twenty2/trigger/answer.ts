import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

/** What n8n is told when a delivery starts nothing; it was answered already. */
export const nothing: IWebhookResponseData = { noWebhookResponse: true };

/**
 * Answers a delivery at once. Twenty2 wants its answer within 5 seconds, whereas n8n would answer
 * only after all that the node does for an event is done, which the limits can make minutes.
 */
export function answer(n8n: IWebhookFunctions, status: number, message: string): typeof nothing {
	const response = n8n.getResponseObject();
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ message }));
	return nothing;
}
