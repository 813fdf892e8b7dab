import { expectedOf, type Range } from './expected';
import { expectedAfter, lessons } from './expectedStates';
import { cells, operationNames, type Cell, type OperationName } from './matrix';
import { stateNames, typical, type StateName } from './states';

const headings: Record<OperationName, [title: string, what: string]> = {
	create: ['Create Call', 'The request that places the call meets the fault.'],
	night: [
		'Create Call at night',
		'The request that places the call meets the fault between 21:00 and 9:00 India time, and the call logs can be read. They list a call that was placed as one that has not begun. Only the workspace API has call logs.',
	],
	get: ['Get Call', 'The look at the call meets the fault.'],
	list: ['Get Many Calls', 'The listing meets the fault. Only the workspace API lists calls.'],
	wait: [
		'Create Call that waits for the end',
		'The call is placed, and each look at it meets the fault, for a minute.',
	],
	look: [
		'The look for a lost call',
		'The answer to the request that places a call gets lost, and each look into the call logs meets the fault. Only the workspace API has call logs.',
	],
	download: [
		'Download of a recording',
		'The call is looked up, and the link of its recording meets the fault.',
	],
	verification: [
		'Verification of an event',
		'The trigger answers the event, and then looks up its call and meets the fault. The status is that of the answer to the event. What is not checked is a failed execution, whose retry asks again.',
	],
};

const introduction = `# What comes of every fault

- **Proves** that each fault has one defined result.
- **Last run** on 30 November 2026.
- **Run again:** \`npx vitest run --project faults -u\`, which also writes this page anew.

The tests in \`test/faults\` play each line in n8n's engine over a real connection, with Max Retries 1 and Request
Timeout 5 seconds. This page is generated from their table.

Each combination that places a call is played twice more: under Stop Workflow, and then with "Retry execution" after
the fault has ended. **In no combination is anybody phoned twice, and no redirect is followed.**

"Attempts" are the requests of the item. "Arrived" are those that came as far as Twenty2. "Calls" are the phones
that rang. \`ok\` is an item without \`error\`.`;

const columns = 'API | Code | Status | Source | Outcome | Attempts | Arrived | Calls | Faults';

const labels = { apiKey: 'API key', workspace: 'Workspace' };

const numbers = (value: number | Range | undefined) =>
	Array.isArray(value) ? value.join(' to ') : String(value ?? '');

/** The columns of one result. */
function resultOf(cell: Cell): string {
	const expected = expectedOf(cell);
	return [
		labels[cell.generation],
		/^[A-Z]/.test(expected.code) ? `\`${expected.code}\`` : expected.code,
		expected.status ?? '',
		expected.source ?? '',
		expected.outcome ?? '',
		numbers(expected.attempts),
		numbers(expected.requests),
		expected.calls,
	].join(' | ');
}

function faultOf(cell: Cell): string {
	const dials = cell.operation === 'create' || cell.operation === 'night';
	const hidden = dials && cell.carriedOut && expectedOf(cell).code !== 'ok';
	return cell.fault.name + (hidden ? ' (after the call was placed)' : '');
}

/** One line a result, with all faults that have it. */
function tableOf(operation: OperationName): string {
	const faultsByResult = new Map<string, string[]>();
	for (const cell of cells().filter((each) => each.operation === operation)) {
		const result = resultOf(cell);
		faultsByResult.set(result, [...(faultsByResult.get(result) ?? []), faultOf(cell)]);
	}
	return [...faultsByResult]
		.map(([result, names]) => `| ${result} | ${names.join('; ')} |`)
		.join('\n');
}

const states: Record<StateName, string> = {
	open: 'Nothing was refused',
	verifying: 'A request was refused, and the next one goes alone',
	shared: 'Others use the key, and a request goes beyond the learned share',
	unclear:
		'Creates were refused, and a look at a live call decides whether lines or the window are short',
	'lines, look': 'Lines are short, and a live call is looked at',
	'lines, create': 'Lines are short, and a create tries whether one is free',
};

/** What comes after a fault, by the state of the limiter. */
function tableOfStates(): string {
	const lines = stateNames.map((state) =>
		[states[state], ...lessons.map((lesson) => expectedAfter(state, lesson).then)].join(' | '),
	);
	const heads = ['State', ...lessons.map((lesson) => `After ${lesson}`)];
	return [heads.join(' | '), heads.map(() => '---').join(' | '), ...lines]
		.map((line) => `| ${line} |`)
		.join('\n');
}

const ofStates = `## In every state of the limiter
One request meets the fault while others wait. **No answer proves nothing**: neither that the window has room nor
that a line is free. Played with ${typical.length} faults in each state, over a real connection.`;

/** The page `docs/evidence/faults.md`. */
export function documentation(): string {
	const line = columns.replaceAll(/[^|]+/g, ' --- ');
	const sections = operationNames.map((operation) => {
		const [title, what] = headings[operation];
		return `## ${title}\n${what}\n\n| ${columns} |\n|${line}|\n${tableOf(operation)}`;
	});
	const all = [introduction, ...sections, `${ofStates}\n\n${tableOfStates()}`];
	return `${all.join('\n\n')}\n`;
}
