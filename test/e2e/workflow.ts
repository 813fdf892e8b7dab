import type { Credential, WorkflowJson } from './n8n';

export interface Lead {
	name: string;
	phone: string;
	/** Other columns of the CRM. */
	[column: string]: unknown;
}

export type Parameters = Record<string, unknown>;

/** The settings of a node. */
export interface Settings {
	onError?: 'continueErrorOutput' | 'continueRegularOutput' | 'stopWorkflow';
	retryOnFail?: boolean;
	maxTries?: number;
	waitBetweenTries?: number;
}

interface Node {
	name: string;
	[field: string]: unknown;
}

type Edge = [from: string, output: number, to: string];

const position = [0, 0];

/** Builds a workflow. @param edges connections as `[from, output, to]` */
export function workflow(name: string, nodes: Node[], edges: Edge[], settings = {}): WorkflowJson {
	const connections: Record<string, { main: object[][] }> = {};
	for (const [from, output, to] of edges) {
		const { main } = (connections[from] ??= { main: [] });
		while (main.length <= output) main.push([]);
		main[output]?.push({ node: to, type: 'main', index: 0 });
	}
	return { name, nodes: nodes.map((node) => ({ id: node.name, ...node })), connections, settings };
}

/** A node that n8n brings along. @param type without the name of n8n's package */
export const ownNode = (
	name: string,
	type: string,
	typeVersion: number,
	parameters: object,
): Node => ({ name, type: `n8n-nodes-base.${type}`, typeVersion, position, parameters });

/** A webhook that takes `{ leads: [...] }` and answers at once. */
export const webhook = (path: string): Node => ({
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	position,
	webhookId: path,
	parameters: { httpMethod: 'POST', path, responseMode: 'onReceived' },
});

/** Splits the webhook's body into one item per lead. */
export const leadsOf: Node = {
	name: 'Leads',
	type: 'n8n-nodes-base.splitOut',
	typeVersion: 1,
	position,
	parameters: { fieldToSplitOut: 'body.leads', options: {} },
};

/** A Twenty2 node that calls each lead. */
export const createCall = (
	credential: Credential,
	parameters: Parameters = {},
	settings: Settings = {},
): Node => ({
	name: 'Twenty2',
	type: 'n8n-nodes-twenty2.twenty2',
	typeVersion: 1,
	position,
	parameters: {
		operation: 'createCall',
		assistantId: 'asst_demo',
		fromNumber: '+917971441943',
		toNumber: '={{ $json.phone }}',
		...parameters,
	},
	credentials:
		parameters.authentication === 'workspace'
			? { twenty2WorkspaceApi: credential }
			: { twenty2Api: credential },
	...settings,
});

/** Sends each item to the output of its error code, and items with other codes to the last output. */
export const switchOnCode = (codes: string[]): Node => ({
	name: 'Switch',
	type: 'n8n-nodes-base.switch',
	typeVersion: 3,
	position,
	parameters: {
		rules: {
			values: codes.map((code) => ({
				conditions: {
					options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
					combinator: 'and',
					conditions: [
						{
							id: code,
							leftValue: '={{ $json.error.code }}',
							rightValue: code,
							operator: { type: 'string', operation: 'equals' },
						},
					],
				},
			})),
		},
		options: { fallbackOutput: 'extra' },
	},
});

export const errorTrigger: Node = {
	name: 'Error Trigger',
	type: 'n8n-nodes-base.errorTrigger',
	typeVersion: 1,
	position,
	parameters: {},
};

export const setField = (name: string, field: string, value: string): Node => ({
	name,
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	position,
	parameters: { assignments: { assignments: [{ id: field, name: field, type: 'string', value }] } },
});

export const phone = (n: number): string => `+9198${String(n).padStart(8, '0')}`;

export const leads = (count: number): Lead[] =>
	Array.from({ length: count }, (_, n) => ({ name: `Lead ${n}`, phone: phone(n), row: n }));
