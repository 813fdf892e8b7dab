import type { IWebhookFunctions } from 'n8n-workflow';

/** One of something for each trigger node of this n8n, for as long as the process lives. */
export function perNode<T>(make: () => T): (n8n: IWebhookFunctions) => T {
	const made = new Map<string, T>();
	return (n8n) => {
		const node = `${n8n.getWorkflow().id} ${n8n.getNode().id}`;
		const its = made.get(node) ?? make();
		made.set(node, its);
		return its;
	};
}
