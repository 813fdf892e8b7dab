import type { IExecuteFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Ledger } from './policy/ledger';

const workflowData = z.object({
	$runIndex: z.number(),
	$execution: z.object({ id: z.string(), resumeUrl: z.optional(z.string()) }),
});

/** The ledger of the run that n8n is carrying out, the same again when it is a retry of that run. */
export function ledgerOf(n8n: IExecuteFunctions): Ledger {
	const { $runIndex, $execution } = n8n.getWorkflowDataProxy(0);
	const run = workflowData.parse({ $runIndex, $execution });
	const identity = `${executionOf(run.$execution)} ${n8n.getNode().name}`;
	const ledger = new Ledger(n8n.getContext('node'), run.$runIndex, identity);
	n8n.onExecutionCancellation(() => ledger.rememberStopped());
	return ledger;
}

/**
 * What an execution and "Retry execution" of it have in common. n8n gives the retry an ID of its
 * own, but the token that signs the address for resuming it stays the same.
 */
function executionOf({ id, resumeUrl = '' }: z.infer<typeof workflowData>['$execution']): string {
	return URL.canParse(resumeUrl) ? (new URL(resumeUrl).searchParams.get('signature') ?? id) : id;
}
