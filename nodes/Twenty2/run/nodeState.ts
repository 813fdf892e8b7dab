import type { IExecuteFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { Ledger } from '../policy/ledger';
import { isTool } from './tool';

const workflowData = z.object({
	$runIndex: z.number(),
	$execution: z.object({ id: z.string(), resumeUrl: z.optional(z.string()) }),
});

/**
 * The ledger of the run that n8n is carrying out, the same again when it is a retry of that run.
 * @param phones whether the run makes phones ring; of others nothing is to be remembered
 */
export function ledgerOf(n8n: IExecuteFunctions, phones: boolean): Ledger {
	const { $runIndex, $execution } = n8n.getWorkflowDataProxy(0);
	const run = workflowData.parse({ $runIndex, $execution });
	const node = n8n.getNode();
	const ledger = new Ledger(n8n.getContext('node'), {
		index: run.$runIndex,
		execution: run.$execution.id,
		identity: `${executionOf(run.$execution)} ${node.name}`,
		isTool: isTool(node),
	});
	if (phones && n8n.getMode() === 'retry') ledger.remember();
	if (phones) n8n.onExecutionCancellation(() => ledger.remember());
	return ledger;
}

/**
 * What an execution and "Retry execution" of it have in common. n8n gives the retry an ID of its
 * own, but the token that signs the address for resuming it stays the same.
 */
function executionOf({ id, resumeUrl = '' }: z.infer<typeof workflowData>['$execution']): string {
	return URL.canParse(resumeUrl) ? (new URL(resumeUrl).searchParams.get('signature') ?? id) : id;
}
