import * as z from 'zod/v4';

import type { StoredExecution } from '../e2e/execution';
import type { N8n } from '../e2e/n8n';
import type { Imported } from './examples';

const trigger = "When clicking 'Execute workflow'";
const branches = ['Ask for the Right Number', 'Look It Up in Twenty2', 'Tell the Team'];

const placed = z.looseObject({ result: z.string() });
const notPlaced = z.looseObject({ name: z.string(), error: z.looseObject({ code: z.string() }) });

/** Runs the first example. Its rows suit the sandbox. @returns a report with one line per row */
export async function runFirst(n8n: N8n, { workflow }: Imported): Promise<string> {
	const execution = await n8n.runManually(workflow, trigger);
	const out = itemsOf(execution);
	const called = out('Call Placed').map((item) => `  ${placed.parse(item).result}`);
	const others = branches.flatMap((branch) =>
		out(branch).map((item) => {
			const { name, error } = notPlaced.parse(item);
			return `  ${name.padEnd(8)}${error.code.padEnd(18)}→ ${branch}`;
		}),
	);
	return [
		`${called.length + others.length} leads went through it, and ${called.length} calls were placed:`,
		...called,
		'The others took the branch of their error.code:',
		...others,
	].join('\n');
}

/** The items of each node's first output. */
function itemsOf({ data }: StoredExecution) {
	return (node: string) =>
		(data.resultData.runData[node]?.at(-1)?.data?.main?.[0] ?? []).map(({ json }) => json);
}
