import type { IExecuteFunctions, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';
import * as z from 'zod/v4/mini';

/** How many events a node remembers while n8n runs. */
const REMEMBERED = 10_000;

/** How many events n8n's store keeps for a node. It is read and written for every event, so fewer. */
const STORED = 1_000;

/** Events of one node by their `event_id`, which "identifies a delivery" (Twenty2, Webhooks). */
export class SeenEvents {
	/** Oldest first. */
	private readonly eventIds = new Set<string>();

	has(eventId: string): boolean {
		return this.eventIds.has(eventId);
	}

	/** Notes an event. @returns false when it was noted before */
	claim(eventId: string): boolean {
		if (this.eventIds.has(eventId)) return false;
		this.eventIds.add(eventId);
		for (const oldest of this.eventIds) {
			if (this.eventIds.size <= REMEMBERED) break;
			this.eventIds.delete(oldest);
		}
		return true;
	}
}

type InNode = Pick<IWebhookFunctions | IExecuteFunctions, 'getWorkflow' | 'getNode'>;

/**
 * One value for each trigger node, kept for the life of the process.
 * @param make makes the value of a node at its first use
 */
export function perNode<T>(make: () => T): (n8n: InNode) => T {
	const values = new Map<string, T>();
	return (n8n) => {
		const node = `${n8n.getWorkflow().id} ${n8n.getNode().id}`;
		const value = values.get(node) ?? make();
		values.set(node, value);
		return value;
	};
}

const startedBy = perNode(() => new SeenEvents());

/**
 * The events that started the workflow while this process runs. In the editor, a user sends the same
 * test event as often as needed.
 */
export const startedEventsOf = (n8n: IWebhookFunctions): SeenEvents =>
	n8n.getMode() === 'manual' ? new SeenEvents() : startedBy(n8n);

/**
 * The events that could not be checked and that a failed execution shows. A sender may repeat such an
 * event for hours, and each repeat would make another failed execution.
 */
export const failedEventsOf = perNode(() => new SeenEvents());

/** n8n's store reads, changes and writes one row, so the calls for one node must not overlap. */
const storeTurnOf = perNode(() => pLimit(1));

const withEventId = z.object({ event_id: z.string() });

/**
 * Drops the event of an execution when an earlier execution has had it, also before a restart of n8n
 * or in another process.
 *
 * The events are kept in n8n's deduplication store, which a node reaches only inside an execution.
 * `webhook()` could keep them in static data, but n8n then writes back the static data of the whole
 * workflow as it was when the delivery came, and so reverts what other nodes have written since.
 * @returns the items that the workflow goes on with
 */
export async function withoutRepeats(n8n: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const items = n8n.getInputData();
	// A test in the editor, or "Retry execution", which has the same event on purpose.
	if (n8n.getMode() !== 'webhook') return items;
	const eventIds = items.flatMap(({ json }) => withEventId.safeParse(json).data?.event_id ?? []);
	const options = { mode: 'entries', maxEntries: STORED } as const;
	const { processed } = await storeTurnOf(n8n)(
		async () => await n8n.helpers.checkProcessedAndRecord(eventIds, 'node', options),
	);
	return processed.length > 0 ? [] : items;
}
