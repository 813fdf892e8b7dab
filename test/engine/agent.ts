import { NodeConnectionTypes, type INodeExecutionData, type INodeType } from 'n8n-workflow';
import * as z from 'zod/v4';

import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startType } from './startNode';
import { twenty2Type, type createCallNode } from './twenty2';

const tools = z.tuple([
	z.custom<{ invoke(given: object): Promise<unknown> }>(
		(tool) => typeof Object(tool).invoke === 'function',
	),
]);

/**
 * Calls its tool with each item, as an agent of n8n does that runs its tools itself.
 * @param failures how often it fails after that
 */
function agent(failures: number): INodeType {
	return {
		description: {
			displayName: 'Agent',
			name: 'agent',
			group: ['transform'],
			version: 1,
			description: 'Calls its tool with each item',
			defaults: { name: 'Agent' },
			inputs: [NodeConnectionTypes.Main, NodeConnectionTypes.AiTool],
			outputs: [NodeConnectionTypes.Main],
			properties: [],
		},
		async execute(): Promise<INodeExecutionData[][]> {
			const [tool] = tools.parse(await this.getInputConnectionData(NodeConnectionTypes.AiTool, 0));
			const told: INodeExecutionData[] = [];
			for (const { json } of this.getInputData()) {
				const answer = await tool.invoke(json).catch((error: Error) => error.message);
				told.push({ json: { told: String(answer) } });
			}
			if (failures-- > 0) throw new Error('The model is out of order');
			return [told];
		},
	};
}

class Twenty2Tool extends Twenty2 {
	constructor() {
		super();
		Object.assign(this.description, { inputs: [], outputs: [NodeConnectionTypes.AiTool] });
	}
}

const toolType = `${twenty2Type}Tool`;

const name = 'Twenty2';

export const agentNodeTypes = (failures = 0) => ({
	'test.agent': agent(failures),
	[toolType]: new Twenty2Tool(),
});

/** An agent that has the node as its tool and says whom to phone. */
export function agentWith(node: ReturnType<typeof createCallNode>) {
	const base = { typeVersion: 1, position: [0, 0] as [number, number] };
	return {
		nodes: [
			{ ...base, id: '1', name: 'Start', type: startType, parameters: {} },
			{
				...base,
				...node,
				id: '2',
				name,
				type: toolType,
				parameters: { ...node.parameters, toNumber: "={{ $fromAI('phone') }}" },
				credentials: { twenty2Api: { id: 'twenty2Api', name: 'twenty2Api' } },
			},
			{ ...base, id: '3', name: 'Agent', type: 'test.agent', parameters: {} },
		],
		connections: {
			Start: { main: [[{ node: 'Agent', type: 'main' as const, index: 0 }]] },
			[name]: { ai_tool: [[{ node: 'Agent', type: 'ai_tool' as const, index: 0 }]] },
		},
	};
}
