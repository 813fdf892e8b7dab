import { describe, expect } from 'vitest';

import { jsonOf, type StoredExecution } from './execution';
import type { Credential, N8n, Workflow } from './n8n';
import { inN8n } from './n8nWithNode';
import { createCall, leads, ownNode, phone, webhook, workflow, type Parameters } from './workflow';

const limits = { requestsPerMinute: 1_000 };
const it = inN8n({ twenty2: { ...limits, refuseConcurrent: false }, limits });

const manual = ownNode('Manual', 'manualTrigger', 1, {});
const rows = (count: number) =>
	ownNode('Rows', 'set', 3.4, { mode: 'raw', jsonOutput: JSON.stringify({ rows: leads(count) }) });
const oneEach = ownNode('One Each', 'splitOut', 1, { fieldToSplitOut: 'rows' });
const after = ownNode('After', 'noOp', 1, {});

const hintsOf = ({ data }: StoredExecution) =>
	(data.resultData.runData.Twenty2?.at(-1)?.hints ?? []).map(({ message }) => message);
const times = (count: number) => ({ [phone(0)]: count, [phone(1)]: count });

describe('In the editor', () => {
	/** A trigger, two people, Create Call and a node behind it. */
	const created = async (n8n: N8n, credential: Credential, pinData = {}): Promise<Workflow> =>
		await n8n.createWorkflow({
			...workflow(
				'By hand',
				[manual, rows(2), oneEach, createCall(credential), after],
				[
					['Manual', 0, 'Rows'],
					['Rows', 0, 'One Each'],
					['One Each', 0, 'Twenty2'],
					['Twenty2', 0, 'After'],
				],
			),
			pinData,
		});

	it('Execute step in the editor phones again each time that it is pressed, and says so', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const saved = await created(n8n, credential);
		const first = await n8n.runManually(saved, 'Manual');
		const second = await n8n.executeStep(saved, 'Twenty2', first);
		expect([first, second].map(({ status }) => status)).toEqual(['success', 'success']);
		for (const run of [first, second]) {
			expect(hintsOf(run)).toContainEqual(
				expect.stringMatching(/executing the step again phones again/),
			);
		}
		expect(sandbox.seen.perNumber()).toEqual(times(2));
	});

	it('A later node that is executed in the editor takes what Create Call gave, and phones nobody', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const saved = await created(n8n, credential);
		const first = await n8n.runManually(saved, 'Manual');
		const second = await n8n.executeStep(saved, 'After', first);
		expect(second.status).toBe('success');
		expect(jsonOf(second, 'After')).toEqual(jsonOf(first, 'Twenty2'));
		expect(sandbox.seen.perNumber()).toEqual(times(1));
	});

	it('In the editor, pinned data of Create Call phone nobody', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const pinned = [{ json: { call_id: 'call_pinned', status: 'queued' } }];
		const saved = await created(n8n, credential, { Twenty2: pinned });
		const run = await n8n.runManually(saved, 'Manual');
		expect(run.status).toBe('success');
		expect(jsonOf(run, 'After')).toEqual(pinned.map(({ json }) => json));
		expect(sandbox.seen.requests).toEqual([]);
	});
});

describe('A workflow that calls the one with Create Call', () => {
	/** @returns the workflow that calls, active, and the path that starts it */
	const calling = async (
		n8n: N8n,
		credential: Credential,
		name: string,
		parameters: Parameters,
	) => {
		const sub = await n8n.createWorkflow(
			workflow(
				`${name} sub`,
				[
					ownNode('Called', 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' }),
					createCall(credential, parameters, { onError: 'continueErrorOutput' }),
					ownNode('Not Phoned', 'stopAndError', 1, { errorMessage: 'Somebody was not phoned' }),
				],
				[
					['Called', 0, 'Twenty2'],
					['Twenty2', 1, 'Not Phoned'],
				],
			),
		);
		await n8n.activate(sub);
		const path = `calling-${name}`;
		const parent = await n8n.createWorkflow(
			workflow(
				path,
				[
					webhook(path),
					rows(2),
					oneEach,
					ownNode('Call Them', 'executeWorkflow', 1.2, {
						workflowId: { __rl: true, mode: 'id', value: sub.id },
						mode: 'once',
						options: { waitForSubWorkflow: true },
					}),
					ownNode('Fail', 'stopAndError', 1, { errorMessage: 'Something behind it failed' }),
				],
				[
					['Webhook', 0, 'Rows'],
					['Rows', 0, 'One Each'],
					['One Each', 0, 'Call Them'],
					['Call Them', 0, 'Fail'],
				],
			),
		);
		await n8n.activate(parent);
		return { parent, path };
	};

	const failed = async (n8n: N8n, { parent, path }: Awaited<ReturnType<typeof calling>>) => {
		await n8n.callWebhook(path);
		const run = await n8n.waitForExecution(parent.id);
		expect(run.status).toBe('error');
		return run;
	};

	it('A workflow that calls the one with Create Call phones nobody again when it failed behind it and is retried', async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const run = await failed(n8n, await calling(n8n, credential, 'behind', {}));
		await n8n.retryExecution(run.id);
		expect(sandbox.seen.perNumber()).toEqual(times(1));
	});

	it.for([
		[
			'A workflow that calls the one with Create Call phones them again when that one failed and it is retried',
			{},
			2,
		],
		[
			'A workflow that calls the one with Create Call does not phone them again with Call Only Once per Key',
			{ options: { deduplicationKey: '={{ $json.phone }}' } },
			1,
		],
	] as const)('%s', async ([, parameters, count], { n8n, sandbox, credential }) => {
		sandbox.behave(phone(1), { kind: 'refuse', status: 400, message: 'Not now', times: 1 });
		const run = await failed(n8n, await calling(n8n, credential, `retried-${count}`, parameters));
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1 });
		await n8n.retryExecution(run.id);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: count, [phone(1)]: 1 });
	});
});
