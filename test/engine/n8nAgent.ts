import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import type { Sandbox } from '../../sandbox';
import { agentNodeTypes } from './agent';
import { core, workflowPackage } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { provideProcessedKeys } from './processedKeys';
import { StoredCredentials } from './storedCredentials';
import { surroundingsOf } from './surroundings';
import { twenty2Type } from './twenty2';

/**
 * Runs the node as n8n's own Agents run a tool: without an execution, a saved workflow or hooks
 * (`EphemeralNodeExecutor.executeNodeDirectly` of n8n 2.41.1).
 * @param given what the model gives the tool
 * @returns the first output, or the message that the model gets
 */
export async function runInN8nAgent(
	{ url }: Pick<Sandbox, 'url'>,
	parameters: IDataObject,
	given: IDataObject,
): Promise<INodeExecutionData[] | string> {
	await provideProcessedKeys();
	const type = `${twenty2Type}Tool` as const;
	const nodeTypes = agentNodeTypes();
	const account = { apiKey: 'sandbox-key', baseUrl: url };
	const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };
	const node = {
		id: crypto.randomUUID(),
		name: 'Target Node',
		type,
		typeVersion: 1,
		position: [0, 0] as [number, number],
		parameters: { assistantId: 'asst_demo', fromNumber: '+917971441943', ...parameters },
		credentials: { twenty2Api: { id: 'twenty2Api', name: 'Twenty2' } },
	};
	const workflow = new workflowPackage.Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: new GivenNodeTypes(nodeTypes),
	});
	const credentials = new StoredCredentials([new Twenty2Api()], {
		twenty2Api: { ...account, ...limits },
	});
	const surroundings = surroundingsOf(undefined, credentials);
	const items = [{ json: given }];
	const context = new core.ExecuteContext(
		workflow,
		node,
		surroundings,
		'internal',
		workflowPackage.createEmptyRunExecutionData(),
		0,
		items,
		{ main: [items] },
		{ node, data: { main: [items] }, source: null },
		[],
	);
	return await nodeTypes[type].execute.call(context).then(
		([output = []]) => output,
		({ message }: Error) => message,
	);
}
