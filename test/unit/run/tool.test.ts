import { expect, it } from 'vitest';

import { isTool } from '../../../nodes/Twenty2/run/tool';

it.each([
	['n8n-nodes-twenty2.twenty2', false],
	['n8n-nodes-twenty2.twenty2Tool', true],
])('a node of the type %s is a tool: %s', (type, expected) => {
	const node = { id: '1', name: 'Twenty2', typeVersion: 1, parameters: {} };
	expect(isTool({ ...node, type, position: [0, 0] })).toBe(expected);
});
