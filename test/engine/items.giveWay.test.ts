/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import type { IDataObject } from 'n8n-workflow';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createCall } from '../../nodes/Twenty2/operations';
import { startSandbox, type Sandbox } from '../../sandbox';
import { createCallNode, engineFor, leads } from './twenty2';

const COUNT = 1_000;

/** Leads as a table has them. */
const rows = leads(COUNT).map((lead, row) => ({
	...lead,
	...Object.fromEntries(Array.from({ length: 27 }, (_, n) => [`column_${n}`, `value ${row} ${n}`])),
}));

/** Eight fields by expression. */
const byExpression = {
	assistantId: '={{ $json.column_0 ? "asst_demo" : "" }}',
	specifyInputParameters: 'fields',
	inputParameters: {
		parameter: [1, 2, 3, 4, 5].map((n) => ({
			name: `column_${n}`,
			value: `={{ $json.column_${n}.toUpperCase() }}`,
		})),
	},
	options: { dryRun: true, deduplicationKey: '={{ $json.name }}' },
};

let sandbox: Sandbox;
let read: Set<number>;
beforeEach(async () => {
	sandbox = await startSandbox();
	read = new Set();
	const { check } = createCall;
	vi.spyOn(createCall, 'check').mockImplementation((parameters, ...rest) => {
		read.add(parameters.item);
		return check(parameters, ...rest);
	});
});
afterEach(async () => {
	vi.restoreAllMocks();
	await sandbox.close();
});

/** What n8n does beside: it notes how many items have been read by then. */
const beside = (act: () => void = () => undefined) => {
	const seen: number[] = [];
	const turn = () => {
		if (read.size > 1 && read.size < COUNT) {
			seen.push(read.size);
			act();
		}
		timer = setTimeout(turn);
	};
	let timer = setTimeout(turn);
	return { seen, end: () => clearTimeout(timer) };
};

it.each([
	['one credential', {}],
	['a credential for each item', { apiKey: '={{ $json.name ? "sandbox-key" : "" }}' }],
])(
	'n8n goes on with everything else while a long list is checked (%s)',
	async (_, credential: IDataObject) => {
		const { seen, end } = beside();
		const engine = engineFor(sandbox, credential);
		const run = await engine.run({ items: rows, node: createCallNode(byExpression) });
		end();
		expect(run.success).toHaveLength(COUNT);
		expect(new Set(seen).size).toBeGreaterThan(5);
	},
);

it('Stop ends the check of a long list before the next item', async () => {
	let stop = () => undefined;
	const { seen, end } = beside(() => stop());
	const running = await engineFor(sandbox).start({
		items: rows,
		node: createCallNode({ ...byExpression, options: {} }),
	});
	stop = () => void running.cancel();
	const run = await running.finished;
	end();
	expect(run.status).toBe('canceled');
	expect(seen[0]).toBeGreaterThan(1);
	expect(read.size).toBe(seen[0]);
	expect(sandbox.seen.requests).toEqual([]);
});
