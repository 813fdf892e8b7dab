import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { authentication } from './connection/authentication';
import { connectionTests } from './connection/credentialTest';
import { logLine } from './connection/logLine';
import { eventIn, itemOf, type CallEvent } from './trigger/event';
import * as fields from './trigger/fields';
import { testing } from './trigger/panel';
import {
	answer,
	answerTryAgain,
	startsWorkflow,
	throwOperationError,
	turnAway,
} from './trigger/respond';
import { failedEventsOf, startedEventsOf, withoutRepeats } from './trigger/seenEvents';
import { isAuthorized, settingsOf, type Settings } from './trigger/settings';
import { verify, type Verdict } from './trigger/verifyEvent';

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
		...testing,
		builderHint: {
			searchHint:
				'Starts a workflow when a phone call by Twenty2 (TwentyTwo, twentytwo.in) has ended, one execution for each call. Nothing registers the URL: the user pastes it in the Twenty2 dashboard under Profile → Integrations, and a workspace has one. Choose a credential, so that each event is checked with Twenty2. To wait for a single call inside a workflow, take Wait for Completion of the Twenty2 node instead.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-twenty2.twenty2',
					relationHint:
						'Places the calls, and gets the recording or transcript of one that has ended',
				},
			],
		},
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

	/** n8n runs it first in the execution that `webhook()` starts. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [await withoutRepeats(this)];
	}
}

/**
 * Takes in one delivery and answers it within 5 seconds. Each check comes before the work that it can
 * save. n8n keeps 11 MB for a delivery until this returns (n8n 2.41), so nothing waits here for long.
 * @throws Failure `INVALID_INPUT` when a field of the node or its credential is wrong
 */
async function receive(n8n: IWebhookFunctions): Promise<IWebhookResponseData> {
	if (!isAuthorized(n8n)) {
		return turnAway(n8n, 401, 'The URL must end in ?secret= and the secret of this trigger');
	}
	const event = eventIn(n8n.getBodyData());
	if ('wrong' in event) return turnAway(n8n, 400, `Not an event by Twenty2: ${event.wrong}`);

	const settings = settingsOf(n8n);
	if (!settings.wants(event)) {
		const details = `it is ${logLine(`${event.event} by the assistant ${event.assistantId ?? '(unknown)'}`, 100)}, see Events and Assistant IDs`;
		return turnAway(n8n, 200, 'This workflow does not ask for it', { details });
	}
	if (startedEventsOf(n8n).has(event.eventId)) return answer(n8n, 200, 'It came before');
	return actOn(await verify(n8n, settings, event), n8n, settings, event);
}

/** @throws the Failure of an event that could not be checked, once for each event */
function actOn(
	verdict: Verdict,
	n8n: IWebhookFunctions,
	{ simplify }: Settings,
	event: CallEvent,
): IWebhookResponseData {
	switch (verdict.is) {
		case 'open':
			n8n.logger.debug(
				logLine(`Twenty2 event ${event.eventId} is not verified: ${verdict.because}`),
			);
			return answerTryAgain(n8n, 'It is not verified yet, send it again', verdict.because);
		case 'refuted':
			n8n.logger.warn(
				logLine(`Twenty2 event ${event.eventId} started nothing: ${verdict.because}`),
			);
			return turnAway(n8n, 403, 'Twenty2 does not confirm it', { details: verdict.because });
		case 'unchecked':
			if (failedEventsOf(n8n).claim(event.eventId)) throw verdict.failure;
			return answerTryAgain(n8n, 'It could not be checked with Twenty2', verdict.failure.message);
		case 'confirmed':
			// Only now: a sender that was told to repeat an event must find no trace of it.
			if (!startedEventsOf(n8n).claim(event.eventId)) return answer(n8n, 200, 'It came before');
			answer(n8n, 200, 'Received');
			return startsWorkflow(itemOf(event, simplify, verdict.call));
	}
}
