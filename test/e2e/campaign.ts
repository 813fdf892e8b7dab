import type { StoredExecution } from './execution';
import type { Credential, N8n } from './n8n';
import {
	createCall,
	leadsOf,
	webhook,
	workflow,
	type Lead,
	type Parameters,
	type Settings,
} from './workflow';

/** An active workflow: a webhook, one item per lead, and a Twenty2 node. */
export interface Campaign {
	/** The id of the workflow. */
	id: string;
	/** Starts an execution. */
	start: (leads: Lead[]) => Promise<unknown>;
	/** Starts the first execution and waits for its end, by default at most 300 seconds. */
	run: (leads: Lead[], seconds?: number) => Promise<StoredExecution>;
}

/** Starts one more execution of a campaign and waits for its end, at most 300 seconds. */
export async function runAgain(
	n8n: N8n,
	{ id, start }: Pick<Campaign, 'id' | 'start'>,
	leads: Lead[],
): Promise<StoredExecution> {
	const [last] = await n8n.executions(id);
	await start(leads);
	return await n8n.waitForExecution(id, { after: last?.id, seconds: 300 });
}

let campaigns = 0;

/**
 * Creates a campaign.
 * @param settings settings of the Twenty2 node
 * @param workflowSettings settings of the workflow, such as `executionTimeout` in seconds
 */
export async function createCampaign(
	n8n: N8n,
	credential: Credential,
	parameters: Parameters = {},
	settings: Settings = {},
	workflowSettings: object = {},
): Promise<Campaign> {
	const path = `campaign-${++campaigns}`;
	const created = await n8n.createWorkflow(
		workflow(
			path,
			[webhook(path), leadsOf, createCall(credential, parameters, settings)],
			[
				['Webhook', 0, 'Leads'],
				['Leads', 0, 'Twenty2'],
			],
			workflowSettings,
		),
	);
	await n8n.activate(created);
	const start = async (leads: Lead[]) => await n8n.callWebhook(path, { leads });
	return {
		id: created.id,
		start,
		run: async (leads, seconds = 300) => {
			await start(leads);
			return await n8n.waitForExecution(created.id, { seconds });
		},
	};
}
