import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { Failure } from './api/failure';
import { authentication } from './connection/authentication';
import { connectionTests } from './connection/credentialTest';
import { logLine } from './connection/logLine';
import { bodyOf, deliveryOf, parseEvent, eventOf, itemOf } from './trigger/event';
import * as fields from './trigger/fields';
import { testing } from './trigger/panel';
import {
	answer,
	answerTryAgain,
	endsWithout,
	startsWorkflow,
	throwOperationError,
	turnAway,
} from './trigger/respond';
import { isRepeat, nodeKey, seenEventsOf } from './trigger/seenEvents';
import {
	isAuthorized,
	readerOfDelivery,
	readerOfExecution,
	settingsOf,
	wants,
} from './trigger/settings';
import { verifyEvent } from './trigger/verifyEvent';
import { waiting } from './trigger/waiting';

/** The display names of the events, by their values. */
const eventNames = Object.fromEntries(
	(fields.events.options ?? []).flatMap((option) =>
		'value' in option ? [[String(option.value), option.name]] : [],
	),
);

/** Shown above the credential. */
const optional = 'Credential to Verify Events With (Optional)';

/** Starts a workflow when a call by Twenty2, an AI voice-calling platform, has ended. */
export class Twenty2Trigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Twenty2 Trigger',
		name: 'twenty2Trigger',
		icon: { light: 'file:twenty2.svg', dark: 'file:twenty2.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: `={{ $parameter["events"].map((event) => (${JSON.stringify(eventNames)})[event]).join(", ") }}`,
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
				displayName: optional,
				required: false,
				displayOptions: { show: { authentication: ['apiKey'] } },
				testedBy: 'testApiKey',
			},
			{
				name: 'twenty2WorkspaceApi',
				displayName: optional,
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
		try {
			return receive(this);
		} catch (error) {
			return throwOperationError(this.getNode(), error);
		}
	}

	/** n8n runs it first in the execution that `webhook()` starts. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const failed = (error: unknown) => throwOperationError(this.getNode(), error);
		return [await carryOn(this).catch(failed)];
	}
}

/**
 * Answers one delivery at once. n8n 2.41 keeps 11 MB for a delivery until this returns, so it waits for nothing.
 * @throws Failure `INVALID_INPUT` when a field of the node is wrong
 */
function receive(n8n: IWebhookFunctions): IWebhookResponseData {
	const reader = readerOfDelivery(n8n);
	if (!isAuthorized(reader, n8n.getQueryData())) {
		return turnAway(n8n, 401, 'The URL must end in ?secret= and the secret of this trigger');
	}
	const event = parseEvent(bodyOf(n8n));
	if ('wrong' in event) return turnAway(n8n, 400, `Not an event by Twenty2: ${event.wrong}`);

	const { verify } = settingsOf(reader, n8n.getNode());
	if (!wants(reader, event)) {
		const details = `it is ${logLine(`${event.event} by the assistant ${event.assistantId ?? '(unknown)'}`, 100)}, see Events and Assistant IDs`;
		return turnAway(n8n, 200, 'This workflow does not ask for it', { details });
	}
	const seenEvents = seenEventsOf(n8n);
	if (seenEvents.has(event)) return answer(n8n, 200, 'It came before');
	if (verify && !waiting.admits(nodeKey(n8n), event)) {
		return answerTryAgain(n8n, 'Too many events wait to be verified, send it again');
	}
	seenEvents.taken(event);
	if (verify) waiting.started(nodeKey(n8n), event);
	answer(n8n, 200, 'Received');
	return startsWorkflow(deliveryOf(event));
}

const whatToDo =
	'Put right what the execution says that this one is a retry of. Events that come later start the workflow';

/**
 * Asks Twenty2 about the event of an execution, if Verify is on.
 * @returns the item that the workflow goes on with, or none
 * @throws Failure when a field of the node is wrong or Twenty2 cannot be asked
 */
async function carryOn(n8n: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const event = eventOf(n8n.getInputData()[0]);
	if (!event) throw Failure.ofInput('INVALID_INPUT', 'No event was taken up here', whatToDo);
	const { generation, simplify, verify } = settingsOf(readerOfExecution(n8n), n8n.getNode());
	if (!verify) return (await isRepeat(n8n, event, false)) ? [] : [itemOf(event, simplify)];

	const end = waiting.begun(nodeKey(n8n), event);
	const verdict = await verifyEvent(n8n, generation, event).finally(end);
	if (verdict.is === 'contradicted') {
		seenEventsOf(n8n).contradicted(event);
		return endsWithout(n8n, event, verdict.because);
	}
	seenEventsOf(n8n).confirmed(event);
	if (await isRepeat(n8n, event, true)) return [];
	return [itemOf(event, simplify, verdict.call)];
}
