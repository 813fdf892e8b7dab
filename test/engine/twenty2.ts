import type { IDataObject, INodeType } from 'n8n-workflow';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import type { Sandbox } from '../../sandbox';
import { createEngine, type Engine, type NodeUnderTest } from './engine';

export const twenty2Type = 'n8n-nodes-twenty2.twenty2';

const limits = { requestsPerMinute: 1_000, concurrentCalls: 3 };

/** An engine with the node and, by the names of their types, credentials for the sandbox. */
export function engineFor(
	sandbox: Pick<Sandbox, 'url'>,
	changes: IDataObject = {},
	otherNodes: Record<string, INodeType> = {},
): Engine {
	return createEngine({
		nodeTypes: { [twenty2Type]: new Twenty2(), ...otherNodes },
		credentialTypes: [new Twenty2Api(), new Twenty2WorkspaceApi()],
		credentials: {
			twenty2Api: { apiKey: 'sandbox-key', baseUrl: sandbox.url, ...limits, ...changes },
			twenty2WorkspaceApi: {
				apiKey: 'sandbox-key',
				apiSecret: 'sandbox-secret',
				workspaceId: 'ws_sandbox',
				baseUrl: sandbox.url,
				...limits,
				...changes,
			},
		},
	});
}

type Settings = Pick<NodeUnderTest, 'onError' | 'retryOnFail' | 'maxTries' | 'waitBetweenTries'>;

/** A Twenty2 node that calls `{{ $json.phone }}`. */
export function createCallNode(
	parameters: IDataObject = {},
	settings: Settings = {},
): NodeUnderTest {
	return {
		type: twenty2Type,
		name: 'Twenty2',
		credentials: credentialOf(parameters),
		parameters: {
			authentication: 'apiKey',
			operation: 'createCall',
			assistantId: 'asst_demo',
			fromNumber: '+917971441943',
			toNumber: '={{ $json.phone }}',
			...parameters,
		},
		...settings,
	};
}

/** A Twenty2 node that looks up `{{ $json.call_id }}`. */
export function getCallNode(parameters: IDataObject = {}, settings: Settings = {}): NodeUnderTest {
	return {
		type: twenty2Type,
		name: 'Twenty2',
		credentials: credentialOf(parameters),
		parameters: {
			authentication: 'apiKey',
			operation: 'getCall',
			callId: '={{ $json.call_id }}',
			...parameters,
		},
		...settings,
	};
}

function credentialOf({ authentication }: IDataObject): string {
	return authentication === 'workspace' ? 'twenty2WorkspaceApi' : 'twenty2Api';
}

/** Numbers that differ, in E.164: `lead(0)`, `lead(1)`, … */
export const phone = (n: number): string => `+9198${String(n).padStart(8, '0')}`;

export const leads = (count: number): Array<{ name: string; phone: string }> =>
	Array.from({ length: count }, (_, n) => ({ name: `Lead ${n}`, phone: phone(n) }));

/** How often the sandbox has phoned each number, where each of these leads was phoned once. */
export const onceEach = (given: Array<{ phone: string }>): Record<string, number> =>
	Object.fromEntries(given.map((lead) => [lead.phone, 1]));
