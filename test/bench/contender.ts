import * as z from 'zod/v4';

import type { N8n } from '../e2e/n8n';
import { leads, leadsOf, webhook, workflow, type createCall } from '../e2e/workflow';

type Node = ReturnType<typeof createCall>;

const timed = z.object({ executionTime: z.number() });

/** A node in a production workflow of its own, and how long it took. */
export class Contender {
	/** Milliseconds, by n8n's own clock, and of this node alone. */
	readonly times: number[] = [];

	private lastExecution = '0';

	private constructor(
		private readonly n8n: N8n,
		private readonly workflowId: string,
		private readonly path: string,
		readonly name: string,
	) {}

	static async enter(n8n: N8n, node: Node): Promise<Contender> {
		const { name } = node;
		const path = name.replaceAll(' ', '-').toLowerCase();
		// Answers when all is done: asking n8n again and again would take time from the node.
		const parameters = { httpMethod: 'POST', path, responseMode: 'lastNode' };
		const created = await n8n.createWorkflow(
			workflow(
				name,
				[{ ...webhook(path), parameters }, leadsOf, node],
				[
					['Webhook', 0, 'Leads'],
					['Leads', 0, name],
				],
				{ saveExecutionProgress: false },
			),
		);
		await n8n.activate(created);
		return new Contender(n8n, created.id, path, name);
	}

	/** @throws Error unless every lead is called */
	async run(creates: number): Promise<void> {
		await this.n8n.callWebhook(this.path, { leads: leads(creates) });
		const after = this.lastExecution;
		const { id, data } = await this.n8n.waitForExecution(this.workflowId, { after });
		this.lastExecution = id;
		const [run] = data.resultData.runData[this.name] ?? [];
		const items = run?.data?.main?.[0] ?? [];
		const placed = items.filter(({ json }) => typeof json.call_id === 'string');
		if (placed.length !== creates) throw new Error(`${this.name}: ${placed.length} calls placed`);
		this.times.push(timed.parse(run).executionTime);
	}
}
