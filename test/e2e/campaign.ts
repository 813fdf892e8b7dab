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

/** A production workflow: webhook, one item a lead, Twenty2. */
export interface Campaign {
	/** Of the workflow. */
	id: string;
	start: (leads: Lead[]) => Promise<unknown>;
	/** Starts it and waits until it has ended. */
	run: (leads: Lead[]) => Promise<StoredExecution>;
}

let campaigns = 0;

/** @param workflowSettings n8n's, such as `executionTimeout` in seconds */
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
		run: async (leads) => {
			await start(leads);
			return await n8n.waitForExecution(created.id, { seconds: 300 });
		},
	};
}
