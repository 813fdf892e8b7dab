import { isClaimed } from '../policy/callClaims';
import type { CallEvent } from './event';

/** How many executions of this process may wait for Twenty2. n8n keeps an isolate of about 11 MB for each. */
const WAITING_AT_MOST = 50;

/** An execution that has not begun by then never will. A busy n8n takes half a minute to begin one. */
const LEASE_MS = 120_000;

/** Where no execution has begun within this time, executions run in another process. */
const FIRST_LEASE_MS = 20_000;

/** The executions of this process that wait for Twenty2, from their delivery to the end of the trigger. */
export class Waiting {
	/** Until when each is expected to begin, as a time of `performance.now()`; Infinity once it has begun. */
	private readonly leases = new Map<string, number>();

	private hasRunHere = false;

	private runsElsewhere = false;

	/**
	 * Whether a delivery may start an execution. A delivery about a call that this n8n placed always may, once:
	 * strangers know no such call.
	 */
	admits(node: string, event: CallEvent): boolean {
		this.dropExpired();
		if (this.runsElsewhere || this.leases.size < WAITING_AT_MOST) return true;
		const sameEnd = endOfCall(node, event);
		return isClaimed(event.callId) && ![...this.leases.keys()].some((k) => k.startsWith(sameEnd));
	}

	/** Notes that a delivery starts an execution. */
	started(node: string, event: CallEvent): void {
		const lease = this.hasRunHere ? LEASE_MS : FIRST_LEASE_MS;
		this.leases.set(keyOf(node, event), performance.now() + lease);
	}

	/** Notes that an execution has begun. @returns ends it */
	begun(node: string, event: CallEvent): () => void {
		this.hasRunHere = true;
		this.runsElsewhere = false;
		const key = keyOf(node, event);
		this.leases.set(key, Number.POSITIVE_INFINITY);
		return () => this.leases.delete(key);
	}

	/** In queue mode, workers run the executions, and this process keeps nothing for them. */
	private dropExpired(): void {
		const now = performance.now();
		for (const [key, until] of this.leases) {
			if (until > now) continue;
			this.leases.delete(key);
			this.runsElsewhere = !this.hasRunHere;
		}
	}
}

const endOfCall = (node: string, { callId, event }: CallEvent) => `${node} ${callId} ${event} `;

const keyOf = (node: string, event: CallEvent) => endOfCall(node, event) + event.eventId;

/** Of this process. */
export const waiting = new Waiting();
