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

const unfinished = ['new', 'running', 'waiting'];
export const hasEnded = ({ status }: ExecutionSummary) => !unfinished.includes(status);
