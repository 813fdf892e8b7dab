import type { Credential, N8n, Workflow } from './n8n';
import { createCall, leads, leadsOf, webhook, workflow } from './workflow';

/** A time some seconds from now, as Calling Hours takes it, in UTC. */
export const timeIn = (seconds: number) =>
	new Date(Date.now() + seconds * 1_000).toISOString().slice(11, 16);

/** Goes on at the time that a refused item names. */
const wait = {
	name: 'Wait',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	position: [0, 0],
	webhookId: 'until-next-allowed',
	parameters: { resume: 'specificTime', dateTime: '={{ $json.error.next_allowed_at }}' },
};

/** Starts a workflow that phones two people within these hours, and until then waits. */
export async function waitForHours(
	n8n: N8n,
	credential: Credential,
	from: string,
	to: string,
): Promise<Workflow> {
	const path = 'within-hours';
	const hours = { from, to, zone: 'fixed', timezone: 'UTC' };
	const options = { callingHours: { hours } };
	const created = await n8n.createWorkflow(
		workflow(
			path,
			[
				webhook(path),
				leadsOf,
				createCall(credential, { options }, { onError: 'continueErrorOutput' }),
				wait,
			],
			[
				['Webhook', 0, 'Leads'],
				['Leads', 0, 'Twenty2'],
				['Twenty2', 1, 'Wait'],
				['Wait', 0, 'Twenty2'],
			],
		),
	);
	await n8n.activate(created);
	await n8n.callWebhook(path, { leads: leads(2) });
	return created;
}
