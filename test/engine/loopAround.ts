import { startType } from './startNode';
import { twenty2Type, type createCallNode } from './twenty2';

/** Loop Over Items in twos around the node. */
export function loopAround(node: ReturnType<typeof createCallNode>) {
	const base = { typeVersion: 1, position: [0, 0] as [number, number] };
	const to = (name: string) => [{ node: name, type: 'main' as const, index: 0 }];
	return {
		nodes: [
			{ ...base, id: '1', name: 'Start', type: startType, parameters: {} },
			{ ...base, id: '2', name: 'Loop', type: 'test.loop', parameters: { batchSize: 2 } },
			{
				...base,
				...node,
				id: '3',
				name: 'Twenty2',
				type: twenty2Type,
				parameters: { ...node.parameters },
				credentials: { twenty2Api: { id: 'twenty2Api', name: 'twenty2Api' } },
			},
		],
		connections: {
			Start: { main: [to('Loop')] },
			Loop: { main: [[], to('Twenty2')] },
			Twenty2: { main: [to('Loop')] },
		},
	};
}
