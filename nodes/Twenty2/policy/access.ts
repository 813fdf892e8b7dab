import pLimit from 'p-limit';

import { acquire } from './abortable';
import type { Budget } from './budget';
import { Lease, type Kind, type Log, type Request } from './lease';
import { WaitTally, type Waited } from './waitTally';

/**
 * One run's way past the limits of its key. A run has at most one create, one read and one poll in the shared
 * queues, so runs take turns: two items do not wait behind another run's five hundred.
 */
export class Access {
	private readonly turns = { create: pLimit(1), read: pLimit(1), poll: pLimit(1) };

	private readonly tally = new WaitTally();

	/**
	 * @param credential n8n's ID of the credential whose limits count while the access is used
	 */
	constructor(
		private readonly budget: Budget,
		private readonly log: Log = () => undefined,
		private readonly credential = '',
	) {}

	/** How long the run has waited for the limits. */
	get waited(): Waited {
		return this.tally.waited;
	}

	/**
	 * Waits until a request may be sent.
	 * @throws the signal's reason, or the last refusal when the deadline comes first
	 */
	async acquire(kind: Kind, request: Request): Promise<Lease> {
		const { budget } = this;
		const { signal } = request;
		const endUse = budget.use(this.credential);
		const passed: Array<(isAdmitted: boolean) => void> = [budget.wanting()];
		let lease: Lease | undefined;
		let isAdmitted = false;
		const walk = async () => {
			// Runs take turns.
			if (kind !== 'look') passed.push(await acquire(this.turns[kind], signal));
			// Polls and looks leave room for other requests.
			const pacer = budget.pacerOf(kind);
			if (pacer) passed.push(await pacer.turn(signal));
			// At most Concurrent Calls creates go at once, and as many reads.
			const close = await acquire(kind === 'create' ? budget.slots : budget.readers, signal);
			lease = this.leaseFor(kind, request, () => {
				close();
				endUse();
			});
			// A create needs a line. Every request needs a permit.
			await lease.admit();
			isAdmitted = true;
			return lease;
		};
		return await walk()
			.catch((reason: unknown) => {
				if (lease) lease.release();
				else endUse();
				throw reason;
			})
			.finally(() => {
				for (const end of passed.reverse()) end(isAdmitted);
			});
	}

	private leaseFor(kind: Kind, request: Request, onRelease: () => void): Lease {
		// Waiting for the end of a call is no wait for a limit.
		const tally = kind === 'create' || kind === 'read' ? this.tally : new WaitTally();
		const look = async (callId: string, signal: AbortSignal) =>
			await this.look(callId, request, signal);
		return new Lease(this.budget, kind, request, look, tally, this.log, onRelease);
	}

	/** @returns whether a call is over; undefined when the answer did not tell */
	private async look(
		callId: string,
		{ what, look }: Request,
		signal: AbortSignal,
	): Promise<boolean | undefined> {
		if (!look) return undefined;
		const lease = await this.acquire('look', { what, signal });
		const { outcome, isOver } = await look(callId);
		lease.settle(outcome);
		lease.release();
		// A refusal pauses the key itself, so the look is repeated as soon as that is over.
		if (outcome.is === 'rate limited') throw outcome.unsent;
		return isOver;
	}

	/**
	 * Holds the next free line for a call that was placed earlier, and does not wait for it.
	 * @returns gives the line back
	 */
	holdLine(callId: string): () => void {
		const endUse = this.budget.use(this.credential);
		this.budget.lines.add(callId);
		const over = new AbortController();
		const line = acquire(this.budget.slots, over.signal).catch(() => undefined);
		return () => {
			over.abort();
			void line.then((release) => release?.());
			endUse();
		};
	}

	/** Notes that a call of this key has ended. */
	callEnded(callId: string): void {
		this.budget.lines.ended(callId);
	}

	/**
	 * Notes that a call is live and sleeps; wakes early when another look finds that it has ended.
	 * @throws the signal's reason
	 */
	async sleepUntilEnded(callId: string, ms: number, signal: AbortSignal): Promise<void> {
		await this.budget.lines.sleepUntilEnded(callId, ms, signal);
	}
}
