import { parse, stringify } from 'flatted';
import type { INode, IRun, IRunExecutionData } from 'n8n-workflow';

import { onN8n1 } from './n8nCore';

/**
 * What n8n's database holds of an execution, and therefore what "Retry execution" finds. As tried
 * out in n8n 2.41.1:
 * - ended or failed: everything, at its end;
 * - timed out: everything, at that moment, without the node that was running;
 * - stopped by the user: what it began with. Stop writes back what it read, and n8n's own save is
 *   then refused, so whatever nodes left in their context is lost. In n8n 1.123.81 its own save comes
 *   last, a moment later, so from then on the same is stored as when it timed out.
 */
export class StoredExecution {
	private text: string | undefined;

	private ended: IRun | undefined;

	private stopped = false;

	private readonly begun: string;

	constructor(begun: IRunExecutionData) {
		this.begun = stringify(begun);
		this.text = this.begun;
	}

	/** What it began with: all that there is of it after its process was killed. */
	dataAtBegin(currentNode?: (name: string) => INode | null): IRunExecutionData {
		return withNodes(parse(this.begun), currentNode);
	}

	save(run: IRun) {
		if (this.stopped || this.ended !== undefined) return;
		this.ended = run;
		// A timed out node may still be running; otherwise there is time until somebody asks.
		this.text = run.status === 'canceled' ? stringify(run.data) : undefined;
	}

	/** @param unsaved whether it is retried before n8n 1 has saved it itself */
	stop(unsaved: boolean) {
		this.stopped = unsaved || !onN8n1;
	}

	/** n8n forgets the last node's error and leaves the rest as it was. */
	dataForRetry(currentNode?: (name: string) => INode | null): IRunExecutionData {
		if (this.ended === undefined && !this.stopped) throw new Error('The execution has not ended');
		if (this.ended?.finished) throw new Error('The execution succeeded, so it cannot be retried.');
		this.text ??= stringify(this.ended?.data);
		const data: IRunExecutionData = parse(this.text);

		const { lastNodeExecuted, runData } = data.resultData;
		if (lastNodeExecuted) {
			delete data.resultData.error;
			const runs = runData[lastNodeExecuted];
			if (runs?.at(-1)?.error !== undefined) runs.pop();
		}
		return withNodes(data, currentNode);
	}
}

/** The nodes of the workflow as it is now, where it was changed. */
function withNodes(data: IRunExecutionData, currentNode?: (name: string) => INode | null) {
	if (currentNode === undefined) return data;
	for (const entry of data.executionData?.nodeExecutionStack ?? []) {
		const current = currentNode(entry.node.name);
		if (current === null) throw new Error(`"${entry.node.name}" is no longer there`);
		entry.node = current;
	}
	return data;
}
