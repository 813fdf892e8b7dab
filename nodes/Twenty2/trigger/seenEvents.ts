import type { IWebhookFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import type { CallEvent } from './event';

/** How many events a node remembers while n8n runs. */
const REMEMBERED = 10_000;

/** How many events a node remembers across a restart of n8n. n8n loads them for every delivery, so fewer. */
const STORED = 1_000;

/** The right to act on one event. Call exactly one of the two. */
export interface EventLease {
	/** The event starts the workflow. Repeats of it start nothing. */
	commit(): void;
	/** The event starts nothing. A repeat of it may start the workflow. */
	release(): void;
}

/**
 * The events of one node that started the workflow, so that a delivery that Twenty2 repeats starts
 * nothing. "`event_id` identifies a delivery" (Twenty2 documentation, Webhooks).
 */
export class SeenEvents {
	/** Oldest first. */
	private readonly committed = new Set<string>();

	/** Events that are being verified. Of two equal deliveries at the same time only one may start. */
	private readonly leased = new Set<string>();

	/** Adds the events that another process remembered, or this one before a restart. */
	recall(eventIds: string[]): void {
		for (const eventId of eventIds) this.committed.add(eventId);
		for (const oldest of this.committed) {
			if (this.committed.size <= REMEMBERED) return;
			this.committed.delete(oldest);
		}
	}

	/** @returns undefined when the event is leased or has started the workflow */
	acquire(eventId: string): EventLease | undefined {
		if (this.committed.has(eventId) || this.leased.has(eventId)) return undefined;
		this.leased.add(eventId);
		const release = () => void this.leased.delete(eventId);
		const commit = () => {
			release();
			this.recall([eventId]);
		};
		return { commit, release };
	}

	/** The latest `count` events that started the workflow, oldest first. */
	latest(count: number): string[] {
		return [...this.committed].slice(-count);
	}
}

const seenEventsOf = perNode(() => new SeenEvents());

const stored = z.object({ eventIds: z.catch(z.array(z.string()), []) });

/**
 * Acquires the lease of an event for the node that n8n runs. The events are kept in memory and in
 * the node's static data. Static data alone is not enough: n8n reads it before a delivery and writes
 * it after, so deliveries at the same time would overwrite each other's events.
 * @returns undefined when the event came before
 */
export function acquireLease(
	n8n: IWebhookFunctions,
	{ eventId }: CallEvent,
): EventLease | undefined {
	// In the editor, a user sends the same test event as often as needed.
	if (n8n.getMode() === 'manual') return new SeenEvents().acquire(eventId);

	const staticData = n8n.getWorkflowStaticData('node');
	const seenEvents = seenEventsOf(n8n);
	seenEvents.recall(stored.parse(staticData).eventIds);

	const lease = seenEvents.acquire(eventId);
	return (
		lease && {
			...lease,
			commit() {
				lease.commit();
				staticData.eventIds = seenEvents.latest(STORED);
			},
		}
	);
}

/**
 * One value for each trigger node, kept for the life of the process.
 * @param make makes the value of a node at its first use
 */
export function perNode<T>(make: () => T): (n8n: IWebhookFunctions) => T {
	const values = new Map<string, T>();
	return (n8n) => {
		const node = `${n8n.getWorkflow().id} ${n8n.getNode().id}`;
		const value = values.get(node) ?? make();
		values.set(node, value);
		return value;
	};
}
