import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import type { CallEvent } from './event';

/** How many events a node remembers while n8n runs. */
const REMEMBERED = 10_000;

/** How many keys n8n's store keeps for a node. They are fewer, because each event reads and writes all of them. */
const STORED = 2_000;

/** The same for the repeats of a delivery. It has the call's ID, so an invented event never hides a true one. */
const deliveryKey = (event: CallEvent) => `${event.eventId} ${endKey(event)}`;

/** The end of a call. Twenty2 sends one event about it, so a second verified event is a repeat. */
const endKey = ({ callId, event }: CallEvent) => `${callId} ${event}`;

/** The events of one node that were taken up while this process runs. */
export class SeenEvents {
	/** Oldest first. */
	private readonly keys = new Set<string>();

	has(event: CallEvent): boolean {
		return this.keys.has(deliveryKey(event)) || this.keys.has(endKey(event));
	}

	/** Notes that a delivery starts the workflow. */
	taken(event: CallEvent): void {
		this.add(deliveryKey(event));
	}

	/** Notes that Twenty2 confirms an event. */
	confirmed(event: CallEvent): void {
		this.add(endKey(event));
	}

	/** Notes that Twenty2 contradicts an event. It may be true later. */
	contradicted(event: CallEvent): void {
		this.keys.delete(deliveryKey(event));
	}

	private add(key: string): void {
		this.keys.add(key);
		const [oldest] = this.keys;
		if (this.keys.size > REMEMBERED && oldest !== undefined) this.keys.delete(oldest);
	}
}

type InNode = Pick<IWebhookFunctions | IExecuteFunctions, 'getWorkflow' | 'getNode' | 'getMode'>;

/** What tells a trigger node from all others of this n8n. */
export const nodeKey = (n8n: InNode): string => `${n8n.getWorkflow().id} ${n8n.getNode().id}`;

/** One value for each trigger node, made at its first use and kept for the life of the process. */
function perNode<T>(make: () => T): (n8n: InNode) => T {
	const values = new Map<string, T>();
	return (n8n) => {
		const value = values.get(nodeKey(n8n)) ?? make();
		values.set(nodeKey(n8n), value);
		return value;
	};
}

const seenBy = perNode(() => new SeenEvents());

/** The events that a node has seen. A test in the editor begins with none. */
export const seenEventsOf = (n8n: InNode): SeenEvents =>
	n8n.getMode() === 'manual' ? new SeenEvents() : seenBy(n8n);

/** n8n's store reads, changes and writes back one row, so its uses by one node must not overlap. */
const storeTurnOf = perNode(() => pLimit(1));

/**
 * Whether an earlier execution went on with an event, also before a restart of n8n or in another process. If not, the
 * event is recorded for this execution, in n8n's deduplication store.
 */
export async function isRepeat(
	n8n: IExecuteFunctions,
	event: CallEvent,
	isVerified: boolean,
): Promise<boolean> {
	// In the editor, a user sends the same test event as often as needed.
	if (n8n.getMode() === 'manual') return false;
	const key = isVerified ? endKey(event) : deliveryKey(event);
	// n8n 1 in queue mode runs an execution again, under the same ID, when its worker was killed.
	const own = `${key} ${n8n.getExecutionId()}`;
	const options = { mode: 'entries', maxEntries: STORED } as const;
	const { processed } = await storeTurnOf(n8n)(
		async () => await n8n.helpers.checkProcessedAndRecord([key, own], 'node', options),
	);
	// "Retry execution" has the same event on purpose.
	return n8n.getMode() === 'webhook' && processed.length === 1;
}
