import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { authentication } from './connection/authentication';
import { connectionTests } from './connection/credentialTest';
import { nightHint } from './operations/create/waitForEnd';
import { chosenIn, operationField, operationList, resource } from './operations/chosen';
import { listSearch } from './operations/fields/listSearch';
import { addBesideOutput } from './run/besideOutput';
import { carryOut, checkItems } from './run/items';
import { sharedBy } from './run/nodeState';
import { outputOptions, outputs } from './run/output';
import { errorOfRun } from './run/stopError';

/** The display names of the operations, as the entries of an object in an expression. */
const displayNames = operationList.map(({ option }) => `${option.value}: "${option.name}"`);

/** Places and looks up calls with Twenty2, an AI voice-calling platform. */
export class Twenty2 implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Twenty2',
		name: 'twenty2',
		icon: { light: 'file:twenty2.svg', dark: 'file:twenty2.dark.svg' },
		group: ['output'],
		// A list, because n8n adds its Custom API Call to nodes that have one number here as their default. Such
		// calls would go past the limits of the key and past the ledger (n8n 1.123 and 2.41).
		version: [1],
		defaultVersion: 1,
		subtitle: `={{ ({ ${displayNames.join(', ')} })[$parameter["operation"]] }}`,
		description: 'Have an AI assistant phone people, and look up how the calls went',
		defaults: { name: 'Twenty2' },
		builderHint: {
			searchHint:
				'Places AI phone calls with Twenty2 (TwentyTwo, twentytwo.in), one call for each input item. It keeps the rate limit, the limit of calls at once and all retries by itself: pass the whole list into one node, without Loop Over Items, Wait or Retry On Fail around it. Executing it phones real people. Set On Error to "Continue (using error output)" and put a Switch on json.error.code behind the error output. Create Call ends when the call is placed; to go on with its result, switch on Wait for Completion, or let Twenty2 Trigger start a workflow when the call has ended. In workflows that run more than once over the same list, set the option Call Only Once per Key, so that nobody is phoned twice.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-twenty2.twenty2Trigger',
					relationHint: 'Starts a workflow when a call has ended',
				},
				{
					nodeType: 'n8n-nodes-base.switch',
					relationHint: 'Branches on json.error.code, or on json.status of a call that has ended',
				},
			],
		},
		usableAsTool: true,
		hints: [nightHint],
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
			resource,
			operationField,
			...operationList.flatMap(({ fields }) => fields),
		],
	};

	methods = { credentialTest: connectionTests, listSearch };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = chosenIn(this);
		const canceled = this.getExecutionCancelSignal() ?? new AbortController().signal;
		const checked = await checkItems(this, chosen, canceled);
		const shared = sharedBy(this, checked.items);
		const stopAtFailure = !this.continueOnFail();
		const done = await carryOut(checked.items, shared, { stopAtFailure, canceled });
		addBesideOutput(this, { ...checked, ...shared, results: done.results });
		const error = errorOfRun(this.getNode(), {
			...{ stoppedBy: done.stoppedBy, isCanceled: canceled.aborted },
			...{ ledger: shared.ledger, items: checked.items.length, dials: chosen.dials },
		});
		if (error) throw error;
		return [outputs(done.results, outputOptions(this, chosen.dials))];
	}
}
