import * as z from 'zod/v4';

import { deliver, type Sandbox, type WebhookEvent } from '../../sandbox';
import type { Credential, N8n, WorkflowJson } from './n8n';
import { eventually } from './rest';
import { phone, workflow, type Parameters } from './workflow';

const triggerName = 'Twenty2 Trigger';
const placed = z.object({ call_id: z.string() });

/** Places a call that ends at once. @returns its event */
export async function ended(sandbox: Sandbox, n: number): Promise<WebhookEvent> {
	const response = await fetch(`${sandbox.url}/v1/calls`, {
		method: 'POST',
		headers: { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' },
		body: JSON.stringify({
			assistant_id: 'asst_demo',
			from_number: '+917971441943',
			to_number: phone(n),
			input_parameters: { row: n },
		}),
	});
	return sandbox.eventOf(placed.parse(await response.json()).call_id);
}

/** The events of a number of calls. */
export const endedCalls = async (sandbox: Sandbox, count: number) =>
	await Promise.all(Array.from({ length: count }, async (_, n) => await ended(sandbox, n)));

/** An event for a call that Twenty2 does not have. */
export const invented = (event: WebhookEvent, n = 0): WebhookEvent => ({
	...event,
	event_id: `evt_invented_${n}`,
	call: { ...event.call, call_id: `call_invented_${n}` },
});

export const credentialOn = async (
	n8n: N8n,
	{ url: baseUrl }: Sandbox,
	requestsPerMinute: number,
	apiKey = 'sandbox-key',
) =>
	await n8n.createCredential('twenty2Api', 'Twenty2', {
		...{ apiKey, baseUrl, requestsPerMinute, concurrentCalls: 3 },
	});

let webhooks = 0;

interface Triggered {
	credential?: Credential;
	parameters?: Parameters;
	/** Nodes beside trigger and the one behind it, and their connections. */
	beside?: Pick<WorkflowJson, 'nodes' | 'connections'>;
}

/** Creates and activates a workflow that starts with the trigger. */
export async function triggered(n8n: N8n, { credential, parameters = {}, beside }: Triggered = {}) {
	const webhookId = `twenty2-${++webhooks}`;
	const trigger = {
		name: triggerName,
		type: 'n8n-nodes-twenty2.twenty2Trigger',
		typeVersion: 1,
		position: [0, 0],
		webhookId,
		parameters,
		credentials: credential && { twenty2Api: credential },
	};
	const next = {
		name: 'Next',
		type: 'n8n-nodes-base.noOp',
		typeVersion: 1,
		position: [200, 0],
		parameters: {},
	};
	const { nodes, connections, ...json } = workflow(
		webhookId,
		[trigger, next],
		[[triggerName, 0, 'Next']],
	);
	const created = await n8n.createWorkflow({
		...json,
		nodes: [...nodes, ...(beside?.nodes ?? [])],
		connections: { ...connections, ...beside?.connections },
	});
	await n8n.activate(created);
	// After a restart, n8n has another port.
	const url = () => `${n8n.baseUrl}/webhook/${webhookId}/webhook`;
	// A busy machine takes many times as long as an idle one.
	const send = async (body: unknown, query = '', timeoutMs = 60_000) =>
		await deliver(url() + query, body, timeoutMs);
	await eventually('The webhook', 60, async () => (await send([])).status !== 404 || undefined);
	return {
		id: created.id,
		url,
		send,
		/** Waits for this many executions. @returns the trigger's output in each, oldest first */
		started: async (count: number, seconds = 60) => {
			const executions = await eventually(`${count} executions`, seconds, async () => {
				const all = await n8n.allExecutions(created.id);
				return all.length >= count && all.every(({ status }) => status === 'success')
					? all.reverse()
					: undefined;
			});
			return await Promise.all(executions.map(async ({ id }) => await outputOf(n8n, id)));
		},
	};
}

async function outputOf(n8n: N8n, id: string) {
	const { data } = await n8n.execution(id);
	return (data.resultData.runData[triggerName]?.[0]?.data?.main?.[0] ?? []).map(({ json }) => json);
}
