import { Workflow, type INodeParameters, type INodeType } from 'n8n-workflow';

import { GivenNodeTypes } from '../engine/nodeTypes';

/** What an expression in a node's description comes to, as the editor works it out. */
export function evaluated(
	nodeType: INodeType,
	expression = '',
	parameters: INodeParameters = {},
): unknown {
	const { name } = nodeType.description;
	const node = { id: '1', name, type: name, typeVersion: 1, parameters };
	const workflow = new Workflow({
		nodes: [{ ...node, position: [0, 0] }],
		connections: {},
		active: false,
		nodeTypes: new GivenNodeTypes({ [name]: nodeType }),
	});
	return workflow.expression.getParameterValue(expression, null, 0, 0, name, [], 'manual', {});
}
