import { NodeConnectionTypes, type INodeType, type INodeTypeDescription } from 'n8n-workflow';

export const startType = 'test.start';

/**
 * Where given items enter a workflow. A trigger that already fired: n8n puts its items on the
 * execution stack and the engine passes them on, which is how a production execution begins.
 */
export class Start implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Start',
		name: 'start',
		group: ['trigger'],
		version: 1,
		description: 'Emits the items given to the run',
		defaults: { name: 'Start' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		properties: [],
	};

	async trigger() {
		return {};
	}
}
