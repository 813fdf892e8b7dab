import type { IDataObject, ILoadOptionsFunctions, INode, INodeParameters } from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Twenty2Api } from '../../credentials/Twenty2Api.credentials';
import { Twenty2WorkspaceApi } from '../../credentials/Twenty2WorkspaceApi.credentials';
import { Twenty2 } from '../../nodes/Twenty2/Twenty2.node';
import { startSandbox, type Sandbox } from '../../sandbox';
import { core, workflowPackage } from './n8nCore';
import { GivenNodeTypes } from './nodeTypes';
import { StoredCredentials } from './storedCredentials';
import { surroundingsOf } from './surroundings';
import { createCallNode, engineFor, leads, phone, twenty2Type } from './twenty2';

const { listSearch } = new Twenty2().methods;

/** What n8n's server gives the list of a resource locator. */
function contextOf(
	sandbox: Pick<Sandbox, 'url'>,
	parameters: INodeParameters,
	changes: IDataObject,
) {
	const account = {
		apiKey: 'sandbox-key',
		baseUrl: sandbox.url,
		requestsPerMinute: 1_000,
		concurrentCalls: 3,
		...changes,
	};
	const pair = { apiSecret: 'sandbox-secret', workspaceId: 'ws_sandbox' };
	const credentials = new StoredCredentials([new Twenty2Api(), new Twenty2WorkspaceApi()], {
		twenty2Api: account,
		twenty2WorkspaceApi: { ...account, ...pair },
	});
	const type = parameters.authentication === 'apiKey' ? 'twenty2Api' : 'twenty2WorkspaceApi';
	const node: INode = {
		id: randomUUID(),
		name: 'Temp-Node',
		type: twenty2Type,
		typeVersion: 1,
		position: [0, 0],
		parameters: { operation: 'createCall', ...parameters },
		credentials: { [type]: { id: type, name: type } },
	};
	const workflow = new workflowPackage.Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: new GivenNodeTypes({ [twenty2Type]: new Twenty2() }),
		settings: { timezone: 'Asia/Kolkata' },
	});
	const [started] = Object.values(workflow.nodes);
	if (!started) throw new Error('The workflow has no node');
	const surroundings = surroundingsOf(undefined, credentials);
	return new core.LoadOptionsContext(workflow, started, surroundings, 'parameters.assistantId');
}

describe('From List', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox({ ringMs: 1, talkMs: 1 });
	});
	afterEach(() => sandbox.close());

	const listed = async (
		name: keyof typeof listSearch,
		authentication = 'workspace',
		changes: IDataObject = {},
	) => {
		const n8n: ILoadOptionsFunctions = contextOf(sandbox, { authentication }, changes);
		return await listSearch[name].call(n8n);
	};

	it('From List offers the assistants and the numbers of the calls, with one listing each', async () => {
		await engineFor(sandbox).run({
			items: leads(3),
			node: createCallNode({ authentication: 'workspace' }),
		});
		const before = sandbox.seen.requests.length;
		const last = /^\S+ \(3 calls, last on \d+ \w+ \d{4}, \d\d:\d\d\)$/;
		expect(await listed('searchAssistants')).toEqual({
			results: [{ name: expect.stringMatching(last), value: 'asst_demo' }],
		});
		expect(await listed('searchFromNumbers')).toEqual({
			results: [{ name: expect.stringMatching(last), value: '+917971441943' }],
		});
		expect(sandbox.seen.requests.slice(before).map(({ method }) => method)).toEqual(['GET', 'GET']);
	});

	it.each([
		['searchAssistants', 'By ID'],
		['searchFromNumbers', 'By Number'],
	] as const)(
		'From List says why there is nothing where there are no calls (%s)',
		async (name, mode) => {
			await expect(listed(name)).rejects.toMatchObject({
				name: 'NodeOperationError',
				message: `The list is made of past calls, and there are none yet: choose ${mode} and paste it.`,
			});
		},
	);

	it('From List says with an API key that there is no list, and sends nothing', async () => {
		await expect(listed('searchAssistants', 'apiKey')).rejects.toMatchObject({
			name: 'NodeOperationError',
			message: 'Twenty2 has no list for an API key. Choose By ID and paste it from Twenty2.',
		});
		await expect(listed('searchFromNumbers', 'apiKey')).rejects.toMatchObject({
			message: 'Twenty2 has no list for an API key. Choose By Number and paste it from Twenty2.',
		});
		expect(sandbox.seen.requests).toEqual([]);
	});

	it('From List says which field holds a kind of account that nobody knows', async () => {
		await expect(listed('searchAssistants', 'oauth')).rejects.toMatchObject({
			message: 'Authentication must be apiKey or workspace. Open the node and choose it again',
		});
	});

	it('From List says what Twenty2 says of a wrong key', async () => {
		await expect(
			listed('searchAssistants', 'workspace', { apiKey: 'not-a-key' }),
		).rejects.toMatchObject({
			message: expect.stringMatching(
				/key.*\. Copy the API key again in Twenty2 under Profile → Integrations/i,
			),
		});
	});

	it('From List counts against the limit of the key', async () => {
		const limit = { requestsPerMinute: 1 };
		await listed('searchAssistants', 'workspace', limit).catch(() => undefined);
		await expect(listed('searchAssistants', 'workspace', limit)).rejects.toMatchObject({
			message:
				'Running workflows use up the limit of this key. Open the list again in a minute, or choose By ID.',
		});
		expect(sandbox.seen.requests).toHaveLength(1);
	});
});

describe('A field with From List', () => {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await startSandbox();
	});
	afterEach(() => sandbox.close());

	const called = async (parameters: IDataObject) => {
		const items = leads(1).map((lead) => ({
			...lead,
			assistant: 'asst_demo',
			from: '+917971441943',
		}));
		const node = createCallNode(parameters, { onError: 'continueErrorOutput' });
		return await engineFor(sandbox).run({ items, node });
	};
	const in_ = (mode: string, value: string) => ({ __rl: true, mode, value });

	it.each<[string, IDataObject]>([
		[
			'is chosen',
			{ assistantId: in_('list', 'asst_demo'), fromNumber: in_('list', '+917971441943') },
		],
		[
			'is typed in',
			{ assistantId: in_('id', ' asst_demo '), fromNumber: in_('number', '+917971441943') },
		],
		[
			'is a number in the mode of an ID',
			{ assistantId: in_('id', 'asst_demo'), fromNumber: in_('id', '+917971441943') },
		],
		[
			'is an expression',
			{
				assistantId: in_('id', '={{ $json.assistant }}'),
				fromNumber: in_('number', '={{ $json.from }}'),
			},
		],
		['is plain text', { assistantId: 'asst_demo', fromNumber: '+917971441943' }],
		[
			'is an expression without a mode',
			{ assistantId: '={{ $json.assistant }}', fromNumber: '={{ $json.from }}' },
		],
	])('a field with From List takes what %s', async (_, parameters) => {
		await called(parameters);
		expect(sandbox.seen.callsTo(phone(0))[0]?.body).toMatchObject({
			assistant_id: 'asst_demo',
			from_number: '+917971441943',
		});
	});
});
