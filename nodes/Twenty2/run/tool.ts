import type { INode } from 'n8n-workflow';

/** Whether an AI agent uses the node. n8n then gives its type another name. */
export function isTool({ type }: INode): boolean {
	return type.endsWith('Tool');
}
