import { NodeHelpers, type INode, type INodeTypeDescription } from 'n8n-workflow';
import * as z from 'zod/v4';

import type { Example } from './example';
import type { N8n } from './n8n';

type NodeJson = Example['nodes'][number];

/** @returns the issues that the editor of this n8n would mark on a node that has its credential */
export async function issuesIn(n8n: N8n): Promise<(node: NodeJson) => string[]> {
	const types = new Map(
		(await n8n.nodeTypes()).flatMap((type) =>
			[type.version]
				.flat()
				.map((version): [string, INodeTypeDescription] => [`${type.name} ${version}`, type]),
		),
	);
	return (node) => {
		const type = types.get(`${node.type} ${node.typeVersion}`);
		if (!type) return [`${node.name}: ${node.type} ${node.typeVersion} is not there`];
		const asNode: INode = { ...z.custom<INode>().parse(node), disabled: false };
		const issues = NodeHelpers.getNodeParametersIssues(type.properties, asNode, type);
		return Object.entries(issues?.parameters ?? {}).map(
			([name, what]) => `${node.name}: ${name}: ${what.join(', ')}`,
		);
	};
}
