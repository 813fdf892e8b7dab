/* eslint-disable @n8n/community-nodes/node-usable-as-tool -- never part of the package */
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

/** The loop builders use (Split in Batches v3), as small as it can be: output 0 done, 1 loop. */
export class LoopOverItems implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Loop Over Items',
		name: 'splitInBatches',
		group: ['organization'],
		version: 3,
		description: 'Passes items on in batches',
		defaults: { name: 'Loop Over Items' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
		properties: [{ displayName: 'Batch Size', name: 'batchSize', type: 'number', default: 1 }],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const context = this.getContext('node');
		const isFirstPass = context.todo === undefined;
		const input = this.getInputData();
		context.todo ??= [...input];
		context.done ??= [];
		const todo: INodeExecutionData[] = context.todo;
		const done: INodeExecutionData[] = context.done;
		if (!isFirstPass) done.push(...input);
		const batch = todo.splice(0, Number(this.getNodeParameter('batchSize', 0)));
		return batch.length === 0 ? [done, []] : [[], batch];
	}
}
