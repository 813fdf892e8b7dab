import { parse } from 'flatted';
import * as z from 'zod/v4';

const item = z.looseObject({ json: z.record(z.string(), z.unknown()) });
const failure = z.looseObject({
	name: z.string().optional(),
	message: z.string(),
	description: z.string().nullish(),
	httpCode: z.string().nullish(),
	context: z.record(z.string(), z.unknown()).optional(),
});

const nodeRun = z.looseObject({
	executionStatus: z.string().optional(),
	executionIndex: z.number(),
	/** In milliseconds. */
	executionTime: z.number().optional(),
	// A node that ran as a tool of an agent has no main output.
	data: z.looseObject({ main: z.array(z.array(item).nullable()).optional() }).optional(),
	error: failure.optional(),
	hints: z.array(z.looseObject({ message: z.string() })).optional(),
});

const runExecutionData = z.looseObject({
	resultData: z.looseObject({
		runData: z.record(z.string(), z.array(nodeRun)),
		lastNodeExecuted: z.string().optional(),
		error: failure.optional(),
	}),
	executionData: z
		.looseObject({
			contextData: z.record(z.string(), z.record(z.string(), z.unknown())),
			nodeExecutionStack: z.array(
				z.looseObject({
					node: z.looseObject({ name: z.string() }),
					runIndex: z.number().optional(),
				}),
			),
		})
		.optional(),
});

export const executionSummary = z.looseObject({
	id: z.coerce.string(),
	status: z.string(),
	mode: z.string(),
	retryOf: z.string().nullish(),
});

export const storedExecution = executionSummary.extend({
	finished: z.boolean(),
	data: z.string().transform((text) => runExecutionData.parse(parse(text))),
});

export type ExecutionSummary = z.infer<typeof executionSummary>;
export type StoredExecution = z.infer<typeof storedExecution>;

/** The items at an output of a node, of its last run. */
export const outputOf = ({ data }: StoredExecution, node: string, index = 0) =>
	data.resultData.runData[node]?.at(-1)?.data?.main?.[index] ?? [];

/** What these items hold. */
export const jsonOf = (execution: StoredExecution, node: string, index = 0) =>
	outputOf(execution, node, index).map(({ json }) => json);

/** The items at an output of the Twenty2 node, of its last run. */
export const output = (execution: StoredExecution, index = 0) =>
	outputOf(execution, 'Twenty2', index);

const unfinished = ['new', 'running', 'waiting'];
export const hasEnded = ({ status }: ExecutionSummary) => !unfinished.includes(status);

/**
 * Whether the data of an execution are those of its status. n8n 1 on SQLite stores the status first and
 * then the data, in two writes (`updateExistingExecution`). In between, an execution that succeeded has the
 * data of its beginning or of its last wait, with nodes that are still to run, one that failed has no
 * error, and one that waits for the first time has not run.
 */
export function hasItsData({ status, data }: StoredExecution): boolean {
	const { lastNodeExecuted, runData, error } = data.resultData;
	if (status === 'error') return error !== undefined;
	if (status === 'waiting') return lastNodeExecuted !== undefined;
	if (status !== 'success') return true;
	return (
		(data.executionData?.nodeExecutionStack ?? []).length === 0 &&
		lastNodeExecuted !== undefined &&
		runData[lastNodeExecuted] !== undefined
	);
}
