import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { authentication } from './connection/authentication';
import { connectionTests } from './connection/credentialTest';
import { answer, nothing } from './trigger/respond';
import { calm } from './trigger/calm';
import { claim } from './trigger/claims';
import { eventIn } from './trigger/event';
import * as fields from './trigger/fields';
import { output } from './trigger/output';
import { carriesSecret } from './trigger/secret';
import { secretOf, settingsOf } from './trigger/settings';
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

	/** The URL is entered by hand in Twenty2's dashboard, so there is nothing to register. */
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
		const secret = secretOf(this);
		if (secret !== undefined && !carriesSecret(this.getQueryData(), secret)) {
			return answer(this, 401, 'The URL must end in ?secret= and the secret of this trigger');
		}
		const event = eventIn(this.getBodyData());
		if ('wrong' in event) return answer(this, 400, `Not an event by Twenty2: ${event.wrong}`);

		const settings = settingsOf(this);
		if (!settings.wants(event)) return answer(this, 200, 'This workflow does not ask for it');
		const verified = await verificationOf(this, settings);
		const claimed = claim(this, event);
		if (!claimed) return answer(this, 200, 'It came before');

		answer(this, 200, 'Received');
		await calm();
		if (!(await verified(event))) {
			claimed.giveUp();
			return nothing;
		}
		claimed.keep();
		return { ...nothing, workflowData: [[output(event, settings.simplify)]] };
	}
}
