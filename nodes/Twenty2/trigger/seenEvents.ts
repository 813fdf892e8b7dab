/** How many events a node remembers while n8n runs. */
const REMEMBERED = 10_000;

/** The right to act on one event. Exactly one of the two is to be called. */
export interface Claim {
	/** The event starts the workflow, and no repeat of it does. */
	keep(): void;
	/** It starts nothing; a repeat of it may. */
	giveUp(): void;
}

/**
 * Which events of one node started the workflow, so that a delivery that Twenty2 repeats starts
 * nothing. "`event_id` identifies a delivery" (Twenty2 documentation, Webhooks).
 */
export class Repeats {
	/** Oldest first. */
	private readonly started = new Set<string>();

	/** What is being looked into. Two that come together must not both start. */
	private readonly claimed = new Set<string>();

	/** Adds what another process, or this one before it was restarted, remembered. */
	recall(eventIds: string[]): void {
		for (const eventId of eventIds) this.started.add(eventId);
		for (const oldest of this.started) {
			if (this.started.size <= REMEMBERED) return;
			this.started.delete(oldest);
		}
	}

	/** @returns undefined when the event came before */
	claim(eventId: string): Claim | undefined {
		if (this.started.has(eventId) || this.claimed.has(eventId)) return undefined;
		this.claimed.add(eventId);
		const giveUp = () => void this.claimed.delete(eventId);
		const keep = () => {
			giveUp();
			this.recall([eventId]);
		};
		return { keep, giveUp };
	}

	/** The latest events that started the workflow, oldest first. */
	latest(count: number): string[] {
		return [...this.started].slice(-count);
	}
}
