import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { authentication } from './connection/authentication';
import { connectionTests } from './connection/credentialTest';
import { eventIn, itemOf } from './trigger/event';
import * as fields from './trigger/fields';
import {
	answer,
	deferWhileBusy,
	startsNothing,
	startsWorkflow,
	throwOperationError,
} from './trigger/respond';
import { acquireLease } from './trigger/seenEvents';
import { isAuthorized, settingsOf } from './trigger/settings';
import { verificationOf } from './trigger/verifyEvent';

/** Starts a workflow when a call by Twenty2, an AI voice-calling platform, has ended. */
export class Twenty2Trigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Twenty2 Trigger',
		name: 'twenty2Trigger',
		icon: { light: 'file:twenty2.svg', dark: 'file:twenty2.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		// n8n's panel shows the two nodes as one, with this description.
		description: 'Have an AI assistant phone people, and start workflows when the calls have ended',
		defaults: { name: 'Twenty2 Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'twenty2Api',
				required: false,
				displayOptions: { show: { authentication: ['apiKey'] } },
				testedBy: 'testApiKey',
			},
			{
				name: 'twenty2WorkspaceApi',
				required: false,
				displayOptions: { show: { authentication: ['workspace'] } },
				testedBy: 'testWorkspace',
			},
		],
		webhooks: [
			{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' },
		],
		properties: [
			fields.dashboardSteps,
			authentication,
			fields.events,
			fields.assistantIds,
			fields.simplify,
			fields.options,
		],
	};

	methods = { credentialTest: connectionTests };

	/** The user enters the URL in Twenty2's dashboard, so there is nothing to register. */
	webhookMethods = {
		default: {
			async checkExists() {
				return true;
			},
			async create() {
				return true;
			},
			async delete() {
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receive(this).catch((error: unknown) =>
			throwOperationError(this.getNode(), error),
		);
	}
}

/**
 * Takes in one delivery. Each check comes before the work that it can save.
 * @throws Failure `INVALID_INPUT` when a field of the node or its credential is wrong
 */
async function receive(n8n: IWebhookFunctions): Promise<IWebhookResponseData> {
	if (!isAuthorized(n8n)) {
		return answer(n8n, 401, 'The URL must end in ?secret= and the secret of this trigger');
	}
	const event = eventIn(n8n.getBodyData());
	if ('wrong' in event) return answer(n8n, 400, `Not an event by Twenty2: ${event.wrong}`);

	const settings = settingsOf(n8n);
	if (!settings.wants(event)) return answer(n8n, 200, 'This workflow does not ask for it');
	const isConfirmed = await verificationOf(n8n, settings);
	const lease = acquireLease(n8n, event);
	if (!lease) return answer(n8n, 200, 'It came before');

	answer(n8n, 200, 'Received');
	await deferWhileBusy();
	if (!(await isConfirmed(event))) {
		lease.release();
		return startsNothing;
	}
	lease.commit();
	return startsWorkflow(itemOf(event, settings.simplify));
}
