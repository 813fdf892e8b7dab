import type { IExecuteFunctions, IWorkflowExecutionCustomData } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { unexpected } from '../api/failure';
import { logLine } from '../connection/logLine';
import { addHints, type RunSoFar } from './hints';

/** Adds hints and tags. Phones have rung, so the output also comes where n8n does not take them. */
export function addBesideOutput(n8n: IExecuteFunctions, run: RunSoFar): void {
	const additions = [
		{ what: 'hints', add: () => addHints(n8n, run) },
		{ what: 'tags', add: () => tagWithCalls(n8n, run.ledger.callIds) },
	];
	for (const { what, add } of additions) {
		try {
			add();
		} catch (fault) {
			n8n.logger.warn(logLine(`This run has no ${what}. ${unexpected(fault).message}`));
		}
	}
}

/** The keys of n8n's custom data that hold call IDs. n8n keeps 10 keys, and half are left to the workflow. */
const keys = ['', '_2', '_3', '_4', '_5'].map((end) => `twenty2_call_id${end}`);

/** n8n logs an error for a longer value. */
const MAX_LENGTH = 255;

/** Tags the execution with the IDs of its calls, about 40 at most. n8n's list of executions finds it by an ID. */
function tagWithCalls(n8n: IExecuteFunctions, callIds: string[]): void {
	const customData = customDataOf(n8n);
	if (!customData) return;
	const tags: Record<string, unknown> = customData.getAll();
	const values = keys.map((key) => (typeof tags[key] === 'string' ? tags[key] : ''));
	const tagged = new Set(values.flatMap((value) => value.split(' ')));
	for (const callId of callIds) {
		if (tagged.has(callId)) continue;
		const room = values.findIndex((value) => value.length + callId.length < MAX_LENGTH);
		if (room === -1) continue;
		values[room] = `${values[room]} ${callId}`.trim();
		tagged.add(callId);
	}
	keys.forEach((key, n) => {
		if (values[n] && values[n] !== tags[key]) customData.set(key, values[n]);
	});
}

const withCustomData = z.object({
	customData: z.custom<IWorkflowExecutionCustomData>(
		(given) => typeof Object(given).set === 'function',
	),
});

/** n8n's custom data, undefined where there is no execution, as in n8n's Agents. */
function customDataOf(n8n: IExecuteFunctions): IWorkflowExecutionCustomData | undefined {
	try {
		// Not `n8n.customData`, which n8n 1 does not have.
		const { $execution } = n8n.getWorkflowDataProxy(0);
		return withCustomData.safeParse($execution).data?.customData;
	} catch {
		return undefined;
	}
}
