import { NodeConnectionTypes, type INodeExecutionData, type INodeType } from 'n8n-workflow';
import * as z from 'zod/v4';

import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startType } from './startNode';
import { twenty2Type, type createCallNode } from './twenty2';

interface Tool {
	invoke(given: object): Promise<unknown>;
}

const tools = z.tuple([z.custom<Tool>((tool) => typeof Object(tool).invoke === 'function')]);

/**
 * Calls its tool with each item, as an agent of n8n does that runs its tools itself.
 * @param failures how often it fails after that
 * @param atOnce whether it calls for all items at once, each with a tool of its own, as in version 2
 */
function agent(failures: number, atOnce: boolean): INodeType {
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
			const toolFor = async (item: number) =>
				tools.parse(await this.getInputConnectionData(NodeConnectionTypes.AiTool, item))[0];
			const call = async (tool: Tool, { json }: INodeExecutionData) => {
				const answer = await tool.invoke(json).catch((error: Error) => error.message);
				return { json: { told: String(answer) } };
			};
			const items = this.getInputData();
			const told: INodeExecutionData[] = [];
			if (atOnce) {
				const calls = items.map(async (item, n) => await call(await toolFor(n), item));
				told.push(...(await Promise.all(calls)));
			} else {
				const tool = await toolFor(0);
				for (const item of items) told.push(await call(tool, item));
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

export const agentNodeTypes = (failures = 0, atOnce = false) => ({
	'test.agent': agent(failures, atOnce),
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
