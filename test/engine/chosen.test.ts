import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, getCallNode, leads } from './twenty2';

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

const cases: Array<[string, IDataObject, string]> = [
	['an operation', { operation: 'hangUp' }, 'Operation must be one of createCall'],
	['an operation by an expression', { operation: '={{ $json.phone }}' }, 'Operation must be'],
	['an operation that objects inherit', { operation: 'toString' }, 'Operation must be'],
	['no operation', { operation: null }, 'Operation must be'],
	['a number as operation', { operation: 7 }, 'Operation must be'],
	['a resource', { resource: 'campaign' }, 'Resource must be call'],
	['no resource', { resource: null }, 'Resource must be call'],
	['an authentication', { authentication: 'oauth' }, 'Authentication must be apiKey or workspace'],
	['no authentication', { authentication: null }, 'Authentication must be'],
	['a dry run and an authentication', { authentication: 'oauth', options: { dryRun: true } }, ''],
];

it.each(cases)(
	'a node that is asked for what it does not have says so on each item under Continue (%s)',
	async (_, parameters, message) => {
		for (const onError of ['continueRegularOutput', 'continueErrorOutput'] as const) {
			const node = createCallNode(parameters, { onError });
			const run = await engineFor(sandbox).run({ items: leads(3), node });
			expect(run.status).toBe('success');
			const items = onError === 'continueErrorOutput' ? run.errors : run.success;
			expect(items.map(({ json }) => json.error)).toEqual(
				leads(3).map(() =>
					expect.objectContaining({
						code: 'INVALID_INPUT',
						message: expect.stringContaining(message),
						description: 'Open the node and choose it again',
						status: null,
						source: 'n8n',
						attempts: 0,
					}),
				),
			);
			expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
				[0, 1, 2].map((item) => ({ item })),
			);
		}
		expect(sandbox.seen.requests).toEqual([]);
	},
);

it.each(cases)(
	'a node that is asked for what it does not have stops the workflow with one error that names the field (%s)',
	async (_, parameters, message) => {
		const run = await engineFor(sandbox).run({
			items: leads(3),
			node: createCallNode(parameters),
		});
		expect(run.status).toBe('error');
		expect(run.error).toMatchObject({
			name: 'NodeApiError',
			code: 'INVALID_INPUT',
			message: expect.stringContaining(message),
			description: expect.stringContaining('Open the node and choose it again'),
			context: { itemIndex: 0, data: { error: { code: 'INVALID_INPUT' } } },
		});
		expect(sandbox.seen.requests).toEqual([]);
	},
);

it('a node that is asked for what it does not have tells of an outcome only where it is known to dial', async () => {
	const outcomeOf = async (node: ReturnType<typeof createCallNode>) => {
		const settings = { onError: 'continueRegularOutput' } as const;
		const run = await engineFor(sandbox).run({ items: leads(1), node: { ...node, ...settings } });
		return Object(run.success[0]?.json.error).outcome;
	};
	expect(await outcomeOf(createCallNode({ authentication: 'oauth' }))).toBe('not_placed');
	expect(await outcomeOf(getCallNode({ authentication: 'oauth' }))).toBeUndefined();
	expect(await outcomeOf(createCallNode({ operation: 'hangUp' }))).toBeUndefined();
});
