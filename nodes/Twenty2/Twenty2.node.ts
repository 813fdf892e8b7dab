import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Failure, failureOnly } from './api/failure';
import { authentication, generationName, generations } from './connection/authentication';
import { connect } from './connection/connect';
import { connectionTests } from './connection/credentialTest';
import { CallingHours } from './operations/create/callingHours';
import { hintAtHours, hintAtWait } from './run/hints';
import { carryOut, checkItems } from './run/items';
import { keysOf } from './run/keysOf';
import { ledgerOf } from './run/nodeState';
import { createCall } from './operations/createCall';
import { getCall } from './operations/getCall';
import { getManyCalls } from './operations/getManyCalls';
import { outputs } from './run/output';
import { canceledError, stoppedError } from './run/stopError';

/** By the values of the field Operation. */
const operations = { createCall, getCall, getManyCalls };

const operationName = z.enum(['createCall', 'getCall', 'getManyCalls']);

/** Places and looks up calls with Twenty2, an AI voice-calling platform. */
export class Twenty2 implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Twenty2',
		name: 'twenty2',
		icon: { light: 'file:twenty2.svg', dark: 'file:twenty2.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ ({ createCall: "Create Call", getCall: "Get Call", getManyCalls: "Get Many Calls" })[$parameter["operation"]] }}',
		description: 'Have an AI assistant phone people, and look up how the calls went',
		defaults: { name: 'Twenty2' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'twenty2Api',
				required: true,
				displayOptions: { show: { authentication: ['apiKey'] } },
				testedBy: 'testApiKey',
			},
			{
				name: 'twenty2WorkspaceApi',
				required: true,
				displayOptions: { show: { authentication: ['workspace'] } },
				testedBy: 'testWorkspace',
			},
		],
		properties: [
			authentication,
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				noDataExpression: true,
				options: [createCall.option, getCall.option, getManyCalls.option],
				default: 'createCall',
			},
			...createCall.fields,
			...getCall.fields,
			...getManyCalls.fields,
		],
	};

	methods = { credentialTest: connectionTests };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const operation = operations[operationName.parse(this.getNodeParameter('operation', 0))];
		const generation =
			generations[generationName.parse(this.getNodeParameter('authentication', 0))];
		const { phones } = operation;

		const connection = await connect(this, generation).catch(failureOnly);
		const tasks = checkItems(this, operation, connection);
		const ledger = ledgerOf(this, phones);
		const hours = new CallingHours();
		const canceled = this.getExecutionCancelSignal() ?? new AbortController().signal;
		const { results, stoppedBy } = await carryOut(tasks, {
			run: { ledger, keys: keysOf(this), hours },
			width: connection instanceof Failure ? 1 : connection.limits.concurrentCalls,
			stopAtFailure: !this.continueOnFail(),
			canceled,
		});

		if (!(connection instanceof Failure)) hintAtWait(this, connection);
		hintAtHours(this, hours);
		const tally = () => (phones ? ledger.tally : undefined);
		if (canceled.aborted) throw canceledError(this.getNode(), tally());
		if (!stoppedBy) return [outputs(results, phones)];
		const error = stoppedError(this.getNode(), stoppedBy, tally());
		ledger.throws();
		throw error;
	}
}
