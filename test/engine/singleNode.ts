import type { IConnections, INode, INodeType, IWorkflowSettings } from 'n8n-workflow';

import { startType } from './startNode';

export interface WorkflowJson {
	nodes: INode[];
	connections: IConnections;
	settings?: IWorkflowSettings;
}

export interface NodeUnderTest extends Partial<Omit<INode, 'id' | 'position' | 'credentials'>> {
	/** A credential's name where it is called like its type, else credential type → name. */
	credentials?: string | Record<string, string>;
}

/** Start → the node; without a type, the first of the given ones. */
export function workflowAround(
	{ credentials: used = {}, ...node }: NodeUnderTest,
	nodeTypes: Readonly<Record<string, INodeType>>,
	settings: IWorkflowSettings = {},
): WorkflowJson {
	const type = node.type ?? Object.keys(nodeTypes)[0] ?? '';
	const description = nodeTypes[type]?.description;
	if (description === undefined) throw new Error(`No node type "${type}" was given`);
	const { version, defaultVersion, displayName } = description;
	const name = node.name ?? displayName;
	const names = typeof used === 'string' ? { [used]: used } : used;
	return {
		nodes: [
			{
				id: 'start',
				name: 'Start',
				type: startType,
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				typeVersion: defaultVersion ?? Math.max(...[version].flat()),
				parameters: {},
				...node,
				id: 'node-under-test',
				name,
				type,
				position: [200, 0],
				credentials: Object.fromEntries(
					Object.entries(names).map(([credential, id]) => [credential, { id, name: id }]),
				),
			},
		],
		connections: { Start: { main: [[{ node: name, type: 'main', index: 0 }]] } },
		settings,
	};
}
