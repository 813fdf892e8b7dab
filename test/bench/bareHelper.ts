/* eslint-disable @n8n/community-nodes/node-usable-as-tool -- never part of the package */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { randomUUID } from 'node:crypto';

/**
 * The least that a node can do to send the requests that Create Call sends: no checks, no limits, no
 * retries, no ledger.
 */
export class BareHelper implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Bare Helper',
		name: 'bareHelper',
		group: ['output'],
		version: 1,
		description: 'Posts every item',
		defaults: { name: 'Bare Helper' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'twenty2Api', required: true }],
		properties: [
			{ displayName: 'Assistant ID', name: 'assistantId', type: 'string', default: '' },
			{ displayName: 'From Number', name: 'fromNumber', type: 'string', default: '' },
			{ displayName: 'To Number', name: 'toNumber', type: 'string', default: '' },
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { baseUrl } = await this.getCredentials('twenty2Api');
		const output: INodeExecutionData[] = [];
		const rest = this.getInputData().keys();

		const line = async () => {
			for (const item of rest) {
				const { body: json } = await this.helpers.httpRequestWithAuthentication.call(
					this,
					'twenty2Api',
					{
						method: 'POST',
						url: `${baseUrl}/v1/calls`,
						headers: { 'Idempotency-Key': randomUUID() },
						body: {
							assistant_id: this.getNodeParameter('assistantId', item),
							from_number: this.getNodeParameter('fromNumber', item),
							to_number: this.getNodeParameter('toNumber', item),
						},
						json: true,
						timeout: 30_000,
						returnFullResponse: true,
						ignoreHttpStatusErrors: true,
						disableFollowRedirect: true,
					},
				);
				output[item] = { json, pairedItem: { item } };
			}
		};
		await Promise.all([line(), line(), line()]);
		return [output];
	}
}
