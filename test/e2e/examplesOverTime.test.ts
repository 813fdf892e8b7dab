/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { startSandbox, type Sandbox } from '../../sandbox';
import { examples, exampleWith, readExample, type Example } from './example';
import type { StoredExecution } from './execution';
import { issuesIn } from './importIssues';
import type { Credential, N8n, Workflow, WorkflowJson } from './n8n';
import { n8n1, n8n2 } from './n8nVersion';
import { startN8nWithNode } from './n8nWithNode';
import { project } from './pack';
import { eventually } from './rest';
import { ownNode, webhook, workflow } from './workflow';

const withOptions = z.looseObject({ options: z.record(z.string(), z.unknown()) });

describe.each([
	['n8n 2', n8n2],
	['n8n 1', n8n1],
])('The examples, in %s', (_, version) => {
	let n8n: N8n;
	let sandbox: Sandbox;
	let credential: Credential;

	beforeAll(async () => {
		n8n = await startN8nWithNode({ version });
		sandbox = await startSandbox({ ringMs: 50, talkMs: 100, requestsPerMinute: 1_000 });
		const account = { apiKey: 'sandbox-key', baseUrl: sandbox.url, requestsPerMinute: 1_000 };
		credential = await n8n.createCredential('twenty2Api', 'Twenty2', account);
	});
	afterAll(async () => {
		await n8n?.stop();
		await sandbox?.close();
	});

	/** Imports an example that a webhook starts in the place of its first node, with changed nodes. */
	async function imported(file: string, changed: Record<string, object>) {
		const example = await exampleWith(file, { twenty2Api: credential });
		const issuesOf = await issuesIn(n8n);
		expect(example.nodes.flatMap(issuesOf)).toEqual([]);
		const [first, ...others] = example.nodes;
		const start = { ...webhook(file), name: first?.name };
		const nodes = [start, ...others.map((node) => ({ ...node, ...changed[node.name] }))];
		return await activated({ ...example, nodes });
	}

	async function activated(json: WorkflowJson): Promise<Workflow> {
		const created = await n8n.createWorkflow(json);
		await n8n.activate(created);
		return created;
	}

	/** @returns the execution that the webhook of a workflow started, ended */
	async function run(created: Workflow, path: string): Promise<StoredExecution> {
		const [before] = await n8n.executions(created.id);
		await n8n.callWebhook(path);
		const execution = await n8n.waitForExecution(created.id, { after: before?.id });
		expect(execution.status).toBe('success');
		return execution;
	}

	const out = ({ data }: StoredExecution, node: string) =>
		(data.resultData.runData[node] ?? []).flatMap(({ data: output }) =>
			(output?.main ?? []).flatMap((items) => (items ?? []).map(({ json }) => json)),
		);

	it('The examples are imported with nothing missing, but where the README says that they need n8n 2', async () => {
		const readme = await readFile(join(project, 'README.md'), 'utf8');
		const needN8n2 = [...readme.matchAll(/\(examples\/([\w-]+\.json)\).*needs n8n 2/g)];
		const issuesOf = await issuesIn(n8n);
		const files = await readdir(examples);
		const withIssues = await Promise.all(
			files.map(async (file) => (await readExample(file)).nodes.flatMap(issuesOf).length > 0),
		);
		expect(files.filter((_, i) => withIssues[i])).toEqual(
			version === n8n1 ? needN8n2.map(([, file]) => file).sort() : [],
		);
	});

	// Tried in n8n 2 by examples.test.ts.
	it.runIf(version === n8n1)(
		'The example crm-row-to-call lets each row take the branch of its code',
		async () => {
			const file = 'crm-row-to-call.json';
			const execution = await run(await imported(file, {}), file);
			const branches = [
				...['Call Placed', 'Ask for the Right Number', 'Look It Up in Twenty2', 'Tell the Team'],
			];
			expect(branches.map((name) => out(execution, name).length)).toEqual([2, 1, 1, 1]);
			expect(Object.values(sandbox.seen.perNumber())).toEqual([1, 1, 1]);
		},
	);

	it.runIf(version === n8n1)(
		'The example call-and-wait branches on how the calls ended',
		async () => {
			const file = 'call-and-wait.json';
			const execution = await run(await imported(file, {}), file);
			const branches = ['Talked', 'Nobody Answered', 'Tell the Team'];
			expect(branches.map((name) => out(execution, name).length)).toEqual([1, 1, 1]);
		},
	);

	it('The example wait-without-holding goes on after n8n was restarted in mid-wait', async () => {
		sandbox.reset();
		const file = 'wait-without-holding.json';
		// n8n keeps shorter waits in memory.
		const created = await imported(file, { Wait: { parameters: { amount: 66, unit: 'seconds' } } });
		await n8n.callWebhook(file);
		const id = await eventually('The execution', 60, async () => {
			const [execution] = await n8n.executions(created.id);
			return execution?.status === 'waiting' ? execution.id : undefined;
		});
		expect(sandbox.seen.calls).toHaveLength(2);
		await n8n.restart();

		const execution = await eventually('The end', 300, async () => {
			const stored = await n8n.execution(id);
			return stored.status === 'success' ? stored : undefined;
		});
		expect(out(execution, 'Tell How It Went').map(({ result }) => result)).toEqual([
			expect.stringMatching(/^\+919876500001: completed, /),
			expect.stringMatching(/^\+919999900600: failed, /),
		]);
		expect(out(execution, 'Tell the Team').map(({ result }) => result)).toEqual([
			expect.stringMatching(/^INVALID_NUMBER: /),
		]);
		expect(sandbox.seen.perNumber()).toEqual({ '+919876500001': 1, '+919999900600': 1 });
	});

	// n8n 1 has data tables, and no node that creates one.
	it.skipIf(version === n8n1)(
		'The example retry-no-answer calls three times at most, an hour apart, and only who did not answer',
		async () => {
			sandbox.reset();
			const file = 'retry-no-answer.json';
			const example: Example = await exampleWith(file, {});
			const call = example.nodes.find(({ name }) => name === 'Call');
			const { options, ...parameters } = withOptions.parse(call?.parameters);
			const { callingHours, ...atAnyHour } = options;
			expect(callingHours).toMatchObject({ hours: { from: '10:00', to: '20:00', zone: 'number' } });
			const changed = { ...parameters, options: { ...atAnyHour, pollIntervalSeconds: 2 } };
			const created = await imported(file, { Call: { parameters: changed } });

			await run(created, file);
			const table = { __rl: true, mode: 'name', value: 'Twenty2 Retry Leads' };
			const edit = async (path: string, rows: object[], parameters: object) => {
				const edited = await activated(
					workflow(
						path,
						[
							webhook(path),
							ownNode('Rows', 'set', 3.4, { mode: 'raw', jsonOutput: JSON.stringify({ rows }) }),
							ownNode('One Item a Row', 'splitOut', 1, { fieldToSplitOut: 'rows' }),
							ownNode('Edit', 'dataTable', 1.1, {
								...{ dataTableId: table, ...parameters },
								columns: { mappingMode: 'autoMapInputData', value: null },
							}),
						],
						[
							[webhook(path).name, 0, 'Rows'],
							['Rows', 0, 'One Item a Row'],
							['One Item a Row', 0, 'Edit'],
						],
					),
				);
				return async () => await run(edited, path);
			};
			const rows = [
				{ name: 'Asha', phone: '098765 00001' },
				{ name: 'Ravi', phone: '99999 00600' },
				{ name: 'Meera', phone: '98765' },
			];
			await (
				await edit('fill', rows, { operation: 'insert' })
			)();
			const all = { conditions: [{ keyName: 'id', condition: 'gt', keyValue: '0' }] };
			const anHourAgo = [{ last_try: new Date(Date.now() - 3_600_000).toISOString() }];
			const passAnHour = await edit('later', anHourAgo, { operation: 'update', filters: all });

			const first = await run(created, file);
			expect(out(first, 'Note How It Went').map(({ status }) => status)).toEqual([
				'answered',
				'not answered',
			]);
			expect(out(first, 'Note the Reason').map(({ status }) => status)).toEqual(['INVALID_NUMBER']);
			const again = await run(created, file);
			expect(again.data.resultData.runData).not.toHaveProperty('Call');
			for (let hour = 0; hour < 3; hour++) {
				await passAnHour();
				await run(created, file);
			}
			expect(sandbox.seen.perNumber()).toEqual({ '+919876500001': 1, '+919999900600': 3 });
		},
	);
});
